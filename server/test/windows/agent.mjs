// An agent in Windows: starts the bridge with pipes of Windows, which only a program inside Wine has, calls one tool,
// and prints the answers.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [script, name, args] = process.argv.slice(2);
const bridge = spawn(process.execPath, [script, 'mcp'], { stdio: ['pipe', 'pipe', 'inherit'] });
const send = (message) => bridge.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const clientInfo = { name: 'windows-test', version: '1' };
send({
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo },
});
createInterface({ input: bridge.stdout }).on('line', (line) => {
  console.log(line);
  const { id } = JSON.parse(line);
  if (id === 1) {
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name, arguments: JSON.parse(args) } });
  }
  if (id === 2) bridge.stdin.end();
});
bridge.on('exit', (code) => process.exit(code ?? 1));
