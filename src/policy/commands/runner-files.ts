/** Which files decide what a program does, beside itself: a table, and names are added as they are met. */

interface Runner {
  readonly names: RegExp;
  /** Paths relative to the folder it runs in, or to one above it; `*` in front of an ending stands for any name. */
  readonly files: readonly string[];
}

const words = (text: string): readonly string[] => text.split(/\s+/);
const NODE_PACKAGE = words('package.json .npmrc .pnpmfile.cjs pnpm-workspace.yaml .yarnrc .yarnrc.yml bunfig.toml');
const DENO = words('deno.json deno.jsonc package.json');
const PYTHON_TESTS = words('conftest.py pytest.ini .pytest.ini tox.ini setup.cfg setup.py pyproject.toml noxfile.py');
const GRADLE = words('build.gradle build.gradle.kts settings.gradle settings.gradle.kts gradle.properties gradlew');
const COMPOSE = words(
  'docker-compose.yml docker-compose.yaml compose.yml compose.yaml docker-compose.override.yml .env',
);

const RUNNERS: readonly Runner[] = [
  { names: /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|bun|bunx|corepack|npm-cli\.js|npx-cli\.js)$/, files: NODE_PACKAGE },
  { names: /^deno$/, files: DENO },
  {
    names: /^(jest|vitest|mocha|eslint|prettier|vite|webpack|rollup|tsup|next)$/,
    files: ['package.json', '*.config.js', '*.config.mjs', '*.config.cjs', '*.config.ts', '.mocharc.*', '.eslintrc*'],
  },
  { names: /^g?make$/, files: words('GNUmakefile makefile Makefile') },
  { names: /^just$/, files: words('justfile Justfile .justfile') },
  {
    names: /^(task|go-task)$/,
    files: words('Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml Taskfile.dist.yml'),
  },
  {
    names: /^cargo$/,
    files: words('Cargo.toml build.rs .cargo/config.toml .cargo/config rust-toolchain rust-toolchain.toml'),
  },
  { names: /^go$/, files: words('go.mod go.work *.go') },
  { names: /^(py\.?test(-3)?|tox|nox)$/, files: PYTHON_TESTS },
  {
    names: /^(pip3?|uv|uvx|poetry|pdm|hatch|pipenv)$/,
    files: words('pyproject.toml setup.py setup.cfg requirements.txt uv.toml Pipfile'),
  },
  { names: /^gradlew?$/, files: GRADLE },
  { names: /^(mvnw?|mvnd)$/, files: words('pom.xml .mvn/maven.config .mvn/jvm.config .mvn/extensions.xml') },
  { names: /^ant$/, files: ['build.xml'] },
  { names: /^(rake|drake)$/, files: words('Rakefile rakefile Rakefile.rb rakefile.rb') },
  { names: /^(bundle|bundler|rspec)$/, files: words('Gemfile .rspec spec/spec_helper.rb Rakefile .bundle/config') },
  { names: /^(composer|phpunit)$/, files: words('composer.json phpunit.xml phpunit.xml.dist') },
  { names: /^(docker-compose|docker|podman|podman-compose)$/, files: [...COMPOSE, 'Dockerfile'] },
  { names: /^(terraform|tofu|terragrunt)$/, files: words('*.tf *.tf.json *.tfvars terragrunt.hcl') },
  { names: /^(cmake|ctest)$/, files: words('CMakeLists.txt CMakePresets.json CTestTestfile.cmake') },
  { names: /^(ninja|meson)$/, files: words('build.ninja meson.build') },
  { names: /^bazel(isk)?$/, files: words('.bazelrc WORKSPACE WORKSPACE.bazel MODULE.bazel BUILD BUILD.bazel') },
  { names: /^(swift|xcodebuild)$/, files: ['Package.swift'] },
  {
    names: /^dotnet$/,
    files: words('*.csproj *.sln *.fsproj Directory.Build.props Directory.Build.targets global.json'),
  },
  { names: /^mix$/, files: ['mix.exs'] },
  { names: /^(tsc|tsx|ts-node)$/, files: words('tsconfig.json package.json') },
  { names: /^pre-commit$/, files: ['.pre-commit-config.yaml'] },
  { names: /^lefthook$/, files: words('lefthook.yml lefthook.yaml .lefthook.yml .lefthook.yaml lefthook-local.yml') },
  { names: /^(ansible-playbook|ansible)$/, files: words('ansible.cfg site.yml') },
  { names: /^vagrant$/, files: ['Vagrantfile'] },
];

const INTERPRETERS = [
  /^(sh|bash|dash|zsh|ksh(93)?|mksh|ash|fish|csh|tcsh|yash|pwsh)$/,
  /^(python|pypy)[\d.]*$/,
  /^(node|nodejs|tsx|ts-node|deno|bun|qjs)$/,
  /^(ruby|perl|php|lua|luajit|tclsh|wish|expect|groovy|scala|julia|elixir|guile|racket|sbcl|rscript|java|jshell)[\d.]*$/,
  /^(awk|gawk|mawk|nawk|sed|gsed|bc|dc|jq|m4|osascript|sqlite3|psql)$/,
];

/** The names of files, relative to a folder, from which a program of this name takes its orders; none for most. */
export function orderFiles(name: string): readonly string[] {
  return RUNNERS.filter(({ names }) => names.test(name)).flatMap(({ files }) => files);
}

/** Whether a program of this name runs what stands in the files that its arguments name. */
export function isInterpreter(name: string): boolean {
  return INTERPRETERS.some((names) => names.test(name));
}
