import assert from 'node:assert/strict';
import { fileExclusion, holdsToolOutput, isSecretFile, isSecretFolder, isToolFolder } from './excludes.js';

describe('built-in excludes', () => {
  it('knows secrets by name, in any case', () => {
    const names = `.env .env.local .env.production .ENV .env_prod prod.env .envrc server.pem TLS.KEY cert.p12 a.pfx a.jks
      release.keystore id_rsa id_rsa.pub id_ed25519 id_ed25519_work id_ecdsa_sk vault.kdbx .npmrc .netrc .pypirc
      .git-credentials credentials credentials.json gcp-credentials.json service-account.json service_account_prod.json
      client_secret_1.apps.json terraform.tfstate terraform.tfstate.backup prod.tfvars prod.tfvars.json secrets.yml
      secrets.yaml secret.json .htpasswd .pgpass key.ppk ca.crt`;
    for (const name of names.split(/\s+/)) assert.ok(isSecretFile(name, 'src'), name);
    assert.ok(isSecretFile('config.json', '.docker'));
    assert.ok(isSecretFile('config', '.aws'));
    assert.ok(isSecretFolder('.ssh') && isSecretFolder('.gnupg') && isSecretFolder('.env'));
  });

  it('does not exclude source code about secrets', () => {
    const names = `.env.example .env.sample .env.template example.env env.ts environment.ts .environment keys.ts key.go
      credentials.ts secrets.go secret.service.ts id_rsa_test.go tokens.json config.json config token.ts monkey
      main.tf variables.tf.json npmrc.md`;
    for (const name of names.split(/\s+/)) assert.ok(!isSecretFile(name, 'src'), name);
    for (const name of ['secrets', 'ssh', '.github', 'env', '.environments'])
      assert.ok(!isSecretFolder(name), name);
  });

  it('says of each file why it is left out', () => {
    const excluded = {
      excluded: 'package-lock.json yarn.lock Cargo.lock go.sum uv.lock .DS_Store Gemfile.lock',
      binary: 'a.png A.JPG a.wasm a.pdf a.svg a.zip lib.so a.woff2 a.sqlite',
      minified: 'a.min.js a-min.css a.min.mjs',
      generated:
        'a_pb2.py a_pb2_grpc.py a_pb2.pyi a.pb.go a.g.dart a.freezed.dart a.designer.cs a.js.map a.d.ts.map a.snap',
    };
    for (const [reason, list] of Object.entries(excluded)) {
      for (const name of list.split(' ')) assert.equal(fileExclusion(name), reason, name);
    }
    for (const name of [
      'admin.js',
      'min.js',
      'png',
      'lock.ts',
      'map.ts',
      'exports.map',
      'README',
      'a.ts',
      'Makefile',
      'g.dart',
    ]) {
      assert.equal(fileExclusion(name), undefined, name);
    }
  });

  it("distinguishes a tool's folder from a folder of the same name", () => {
    for (const name of ['node_modules', '__pycache__', '.venv', '.next', 'x.egg-info', 'cmake-build-debug']) {
      assert.ok(isToolFolder(name, [], true), name);
    }
    const cases: [name: string, beside: string, expected: boolean][] = [
      ['target', 'Cargo.toml', true],
      ['target', 'package.json', false],
      ['dist', 'package.json', true],
      ['build', 'build.gradle.kts', true],
      ['build', 'main.go', false],
      ['obj', 'App.csproj', true],
      ['bin', 'package.json', false],
      ['src', 'package.json', false],
    ];
    for (const [name, beside, expected] of cases) {
      assert.equal(isToolFolder(name, ['a', beside], false), expected, `${name} beside ${beside}`);
      assert.equal(isToolFolder(name, ['a', beside], true), false, `${name} with a .gitignore`);
    }
    assert.ok(holdsToolOutput('vendor', ['a', 'modules.txt']));
    assert.ok(!holdsToolOutput('lib', ['a', 'modules.txt']));
    assert.ok(holdsToolOutput('anything', ['CACHEDIR.TAG']));
  });
});
