/** Why a path is not indexed. */
export type SkipReason =
  /** A rule of git, of a `.lanternignore` or of the settings. */
  | 'ignored'
  /** Built in: version control, dependencies, build output, caches and lock files. */
  | 'excluded'
  /** May hold keys, passwords or tokens. */
  | 'secret'
  | 'too-large'
  | 'empty'
  | 'binary'
  | 'generated'
  | 'minified'
  /** The system refused to list or read it. What the index knows of it may still be true. */
  | 'unreadable'
  /** It changed while it was read, at every attempt. */
  | 'changing'
  /** It ended the thread that read it, as one that takes all memory does. */
  | 'crashed'
  /** A link into the folder, whose target is indexed by itself, or a broken link. */
  | 'symlink'
  | 'symlink-outside'
  /** A FIFO, socket or device. */
  | 'special'
  /** The name is not valid UTF-8, so no text can refer to it. */
  | 'bad-name';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter(Boolean));

/** Never walked, not even when a rule includes it. */
const versionControl = words('.git .hg .svn .jj .bzr .sl .pijul _darcs CVS');

/** Names of folders that only tools create. */
const madeByTools = words(`
  node_modules bower_components jspm_packages .pnpm-store .yarn .npm .nyc_output .next .nuxt .output .svelte-kit
  .angular .astro .docusaurus .vite .turbo .nx .parcel-cache .cache .sass-cache .expo .serverless .aws-sam .vscode-test
  .venv site-packages __pycache__ .tox .nox .eggs .mypy_cache .pytest_cache .ruff_cache .pytype .hypothesis htmlcov
  .ipynb_checkpoints .gradle .mvn-cache .metals .bloop .bsp .cpcache .shadow-cljs .stack-work dist-newstyle
  .cabal-sandbox .build DerivedData .dart_tool .pub-cache elm-stuff zig-cache .zig-cache zig-out CMakeFiles
  .terraform .vagrant .bundle .idea .vs .history .direnv .elixir_ls .lexical .ccls-cache .clj-kondo
`);
const madeByToolsPattern =
  /^(cmake-build-.+|bazel-(bin|out|testlogs)|.+\.egg-info|.+\.xcodeproj|.+\.xcassets)$/;

/** Entries by which a folder is recognised as a tool's output, whatever its name is. */
const leftByTools = words('CACHEDIR.TAG pyvenv.cfg conda-meta');

/** For folder names that people use as well: the entries in the folder that show that a tool made it. */
const telltales: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['vendor', words('modules.txt autoload.php')],
  ['bundle', words('ruby jruby')],
  ['coverage', words('lcov.info lcov-report coverage-final.json clover.xml cobertura-coverage.xml')],
]);

/** For the same names: the manifest beside the folder, of the tool that writes there. */
const outputBeside: ReadonlyMap<string, RegExp> = new Map([
  ['dist', /^(package\.json|tsconfig\.json|pyproject\.toml|setup\.py|.+\.cabal)$/],
  [
    'build',
    /^(package\.json|pyproject\.toml|setup\.py|build\.gradle(\.kts)?|CMakeLists\.txt|meson\.build|pubspec\.yaml)$/,
  ],
  ['out', /^(package\.json|tsconfig\.json|CMakeLists\.txt|build\.ninja|.+\.iml)$/],
  ['target', /^(Cargo\.toml|pom\.xml|build\.sbt|project\.clj)$/],
  ['bin', /^.+\.(cs|fs|vb)proj$/],
  ['obj', /^.+\.(cs|fs|vb)proj$/],
  ['_build', /^(mix\.exs|rebar\.config|dune-project|conf\.py)$/],
  ['deps', /^(mix\.exs|rebar\.config)$/],
  ['Pods', /^Podfile$/],
  ['Carthage', /^Cartfile$/],
  ['_site', /^_config\.ya?ml$/],
]);

const lockFiles = words(`
  package-lock.json npm-shrinkwrap.json .package-lock.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock
  cargo.lock poetry.lock pipfile.lock uv.lock pdm.lock pixi.lock conda-lock.yml pylock.toml composer.lock symfony.lock
  gemfile.lock go.sum go.work.sum mix.lock rebar.lock flake.lock podfile.lock package.resolved cartfile.resolved
  packages.lock.json project.assets.json paket.lock pubspec.lock gradle.lockfile stack.yaml.lock cabal.project.freeze
  chart.lock buf.lock shard.lock conan.lock renv.lock module.bazel.lock .terraform.lock.hcl .ds_store thumbs.db
`);

const generatedNames =
  /(_pb2(_grpc)?\.pyi?|\.pb\.(go|gw\.go|cc|h|swift|dart)|\.(g|gr|freezed|mocks)\.dart|\.(g|g\.i|designer)\.cs|\.snap|^zz_generated\..+\.go|\.(js|mjs|cjs|jsx|ts|tsx|css)\.map)$/;
const minifiedNames = /[.-]min\.(js|mjs|cjs|css)$/;

const binaryExtensions = words(`
  7z a aac ai aiff apk ar arrow avi avif avro bin blend bmp br bson bz2 cab cbor class cur dat db db3 deb dex dll dmg doc
  docx dylib ear eot eps exe fbx feather fig flac flv gif glb gz h5 hdf5 heic hprof icns ico ihex ilk img ipa iso jar jp2
  jpeg jpg lib lz4 lzma m4a m4v mat mdb mid mkv mo mov mp3 mp4 mpeg mpg msi npy npz nupkg o obj odp ods odt ogg ogv onnx
  orc otf parquet pb pdb pdf pickle pkl png pptx ppt psd pt pth pyc pyd pyo rar rlib rmeta rpm safetensors snappy so
  sqlite sqlite3 svg svgz swf tar tflite tgz tif tiff ttc ttf vsix war wasm wav webm webp whl wma wmv woff woff2 xls xlsx
  xz z zip zst
`);

const secretFolders = words('.ssh .gnupg .password-store .aws-sso .kube');
const secretNames = words(`
  .npmrc .netrc _netrc .pypirc .git-credentials .htpasswd .pgpass .my.cnf .mylogin.cnf .dockercfg .s3cfg .boto .envrc
  .vault-token .vault_pass .vault-pass credentials credentials.json credentials.toml credentials.yml credentials.yaml
  application_default_credentials.json kubeconfig .kubeconfig secring.gpg
`);
const secretExtensions = words(`
  pem key p12 pfx pkcs12 p8 jks keystore kdb kdbx ppk crt cer der csr keytab ovpn tfstate tfvars agekey
`);
const secretPattern = new RegExp(
  [
    String.raw`^\.env([._-].*)?$`,
    String.raw`\.env$`,
    String.raw`^id_(rsa|dsa|ecdsa|ed25519)(_sk)?([._-][^.]*)?(\.(pub|old|bak|ppk))?$`,
    String.raw`^service[-_]?account.*\.json$`,
    String.raw`^client_secret.*\.json$`,
    String.raw`[-_]credentials\.json$`,
    String.raw`\.tfstate\.backup$`,
    String.raw`\.tfvars\.json$`,
    String.raw`^secrets?\.(ya?ml|json|toml|ini|properties|tfvars)$`,
  ].join('|'),
);
/** Templates of environment files. They have the names of variables, not their values. */
const envTemplate = /^(\.env[._-](example|sample|template|dist)|(example|sample|template)\.env)$/;
/** Files that contain tokens only in these folders. Their names are too common to exclude everywhere. */
const secretInFolder: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['.docker', words('config.json')],
  ['.aws', words('config')],
  ['.azure', words('accesstokens.json azureprofile.json')],
]);

export function isVersionControl(name: string): boolean {
  return versionControl.has(name);
}

/** A folder of keys. It is never walked, and not indexed when the user names it. */
export function isSecretFolder(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    secretFolders.has(lower) ||
    (lower.startsWith('.env') && secretPattern.test(lower) && !envTemplate.test(lower))
  );
}

/** Whether a file's name, with that of its folder, shows that it contains secrets. No rule can include such a file. */
export function isSecretFile(name: string, folderName: string): boolean {
  // Lower case, because on some file systems another spelling opens the same file.
  const lower = name.toLowerCase();
  if (envTemplate.test(lower)) return false;
  return (
    secretNames.has(lower) ||
    secretExtensions.has(extensionOf(lower)) ||
    secretPattern.test(lower) ||
    secretInFolder.get(folderName.toLowerCase())?.has(lower) === true
  );
}

/**
 * Whether a folder was made by a tool, by its name and the entries beside it. `build`, `dist`, `out`, `bin`, `target`
 * and the like may also be source (build scripts, a `dist` package, command-line entry points). Where a .gitignore
 * applies and does not name the folder, it counts as source. Only without any .gitignore does a manifest beside it
 * decide, if its tool is known to write there.
 */
export function isToolFolder(name: string, siblings: Iterable<string>, hasGitignore: boolean): boolean {
  if (madeByTools.has(name) || madeByToolsPattern.test(name)) return true;
  const manifest = hasGitignore ? undefined : outputBeside.get(name);
  if (!manifest) return false;
  for (const sibling of siblings) if (manifest.test(sibling)) return true;
  return false;
}

/** Whether the content of a folder shows that a tool made it, even if git tracks it, as with Go's `vendor`. */
export function holdsToolOutput(name: string, entries: Iterable<string>): boolean {
  const signs = telltales.get(name);
  for (const entry of entries) if (leftByTools.has(entry) || signs?.has(entry)) return true;
  return false;
}

/** Why a file is excluded by its name alone, if it is. Secrets are checked elsewhere. */
export function fileExclusion(name: string): SkipReason | undefined {
  const lower = name.toLowerCase();
  if (lockFiles.has(lower)) return 'excluded';
  if (binaryExtensions.has(extensionOf(lower))) return 'binary';
  if (minifiedNames.test(lower)) return 'minified';
  if (generatedNames.test(lower)) return 'generated';
  return undefined;
}

/** What follows the last dot, with its case; `''` when there is none. A dot at the start counts. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}
