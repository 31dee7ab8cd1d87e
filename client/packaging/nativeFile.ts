/** What a native library's header states. */
export interface NativeFile {
  readonly os: 'darwin' | 'linux' | 'win32';
  readonly cpu: 'arm64' | 'x64' | 'other';
}

const elfMachines: Readonly<Record<number, NativeFile['cpu']>> = { 0x3e: 'x64', 0xb7: 'arm64' };
const machTypes: Readonly<Record<number, NativeFile['cpu']>> = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const peMachines: Readonly<Record<number, NativeFile['cpu']>> = { 0x8664: 'x64', 0xaa64: 'arm64' };

/** Undefined for a file that is not a native library. A universal Mach-O file counts as `other`. */
export function nativeFile(bytes: Buffer): NativeFile | undefined {
  if (bytes.length < 64) return undefined;
  const magic = bytes.readUInt32BE(0);
  if (magic === 0x7f454c46) return { os: 'linux', cpu: elfMachines[bytes.readUInt16LE(18)] ?? 'other' };
  if (magic === 0xcffaedfe) return { os: 'darwin', cpu: machTypes[bytes.readUInt32LE(4)] ?? 'other' };
  if (magic === 0xcafebabe) return { os: 'darwin', cpu: 'other' };
  if (bytes.readUInt16BE(0) !== 0x4d5a) return undefined;
  const header = bytes.readUInt32LE(0x3c);
  if (header + 6 > bytes.length || bytes.readUInt32BE(header) !== 0x50450000) return undefined;
  return { os: 'win32', cpu: peMachines[bytes.readUInt16LE(header + 4)] ?? 'other' };
}

/**
 * A 64-bit ELF library without what only a debugger or a linker reads: everything after the last loaded byte, which
 * is the debug sections, the static symbols and the section table. What the loader reads is unchanged.
 */
export function stripElf(bytes: Buffer): Buffer {
  const isElf64 = bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes.readUInt8(4) === 2;
  if (!isElf64 || bytes.readUInt8(5) !== 1) throw new Error('This is no 64-bit little-endian ELF file.');
  const table = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  let end = table + size * count;
  for (let entry = 0; entry < count; entry++) {
    const at = table + entry * size;
    const offset = Number(bytes.readBigUInt64LE(at + 8));
    end = Math.max(end, offset + Number(bytes.readBigUInt64LE(at + 32)));
  }
  if (end > bytes.length) throw new Error('This ELF file is cut.');
  const stripped = Buffer.from(bytes.subarray(0, end));
  // Offset of the section table, its number of entries, and the index of the one with their names.
  stripped.writeBigUInt64LE(0n, 40);
  stripped.writeUInt16LE(0, 60);
  stripped.writeUInt16LE(0, 62);
  return stripped;
}
