import { readIfThere } from '#lib/files.ts'
import { testDriver } from '../conformance.ts'
import type { BuildDriver } from '../driver.ts'
import { runtime } from './runtime.ts'

// The images of a language are made by fetching over TLS, which a proxy may have signed anew.
const ca = process.env.DOKKU_CA_FILE === undefined ? undefined : await readIfThere(process.env.DOKKU_CA_FILE)
const trusting: BuildDriver = {
  ...runtime,
  build: (request, engine) => runtime.build({ ...request, ...(ca !== undefined && { ca }) }, engine),
}

const script = (build: string) => JSON.stringify({ scripts: { build, start: 'node .' } })

testDriver(trusting, {
  prefix: 'test-builder-runtime-conformance',
  root: '/app',
  always: ['Procfile'],
  holding: (files) => ({ Procfile: 'web: sleep 1000\n', ...files, '.dockerignore': withProcfile(files['.dockerignore']) }),
  greeting: { 'package.json': script(`printf %s "$GREETING" > greeting && printf '\\033[31mred\\033[0m 1%%\\r2%%\\n'`) },
  broken: { files: { 'package.json': script('exit 3') }, says: /npm run build.*exit status 3/ },
  slow: { 'package.json': script('echo begun && sleep 60') },
})

/** The file that makes a tree one of ours is always there. */
function withProcfile(ignore: unknown): string {
  return typeof ignore === 'string' ? `${ignore}!Procfile\n` : ''
}
