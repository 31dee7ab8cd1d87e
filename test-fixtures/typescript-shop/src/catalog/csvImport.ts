export interface ProductRow {
  readonly sku: string;
  readonly title: string;
  readonly priceMinor: number;
  readonly stock: number;
}

export interface ImportProblem {
  readonly line: number;
  readonly message: string;
}

export interface ImportResult {
  readonly rows: readonly ProductRow[];
  readonly problems: readonly ImportProblem[];
}

const REQUIRED_COLUMNS = ['sku', 'title', 'price', 'stock'] as const;

/**
 * Reads a supplier's spreadsheet export. One bad row does not spoil the rest: it is left out and reported with
 * its line number, so that the supplier can mend the file.
 */
export function importProducts(text: string): ImportResult {
  const records = parseDelimited(text.replace(/^\uFEFF/, ''), guessDelimiter(text));
  const header = (records[0] ?? []).map((name) => name.trim().toLowerCase());
  const missing = REQUIRED_COLUMNS.filter((column) => !header.includes(column));
  if (missing.length > 0) throw new Error(`Missing column(s) in product file: ${missing.join(', ')}`);

  const rows: ProductRow[] = [];
  const problems: ImportProblem[] = [];
  records.slice(1).forEach((record, index) => {
    const value = (column: (typeof REQUIRED_COLUMNS)[number]): string =>
      record[header.indexOf(column)]?.trim() ?? '';
    const price = Number(value('price').replace(',', '.'));
    const stock = Number.parseInt(value('stock'), 10);
    if (!value('sku')) problems.push({ line: index + 2, message: 'SKU is empty' });
    else if (!(price > 0))
      problems.push({ line: index + 2, message: `Price "${value('price')}" is not a positive number` });
    else
      rows.push({
        sku: value('sku'),
        title: value('title'),
        priceMinor: Math.round(price * 100),
        stock: stock || 0,
      });
  });
  return { rows, problems };
}

/** Spreadsheets in half of Europe separate by semicolon, because the comma is their decimal sign. */
function guessDelimiter(text: string): string {
  const firstLine = text.split('\n', 1)[0] ?? '';
  return firstLine.split(';').length > firstLine.split(',').length ? ';' : ',';
}

/** A small reader that knows quoted fields, doubled quotes, and line breaks inside quotes. */
function parseDelimited(text: string, delimiter: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char !== '"') field += char;
      else if (text[i + 1] === '"') field += text[i++];
      else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === delimiter) {
      record.push(field);
      field = '';
    } else if (char === '\n') {
      record.push(field.replace(/\r$/, ''));
      records.push(record);
      record = [];
      field = '';
    } else field += char;
  }
  if (field !== '' || record.length > 0) records.push([...record, field]);
  return records;
}
