import { testDriver } from './conformance.ts'
import { dockerfile } from './drivers/dockerfile.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'

testDriver(dockerfile, {
  prefix: 'test-builder-conformance',
  root: '/app',
  always: [],
  holding: (files) => ({ Dockerfile: `FROM ${base}\nWORKDIR /app\nCOPY . .\n`, ...files }),
  greeting: {
    Dockerfile: `FROM ${base}\nARG GREETING\nWORKDIR /app\nRUN printf %s "$GREETING" > greeting && printf '\\033[31mred\\033[0m 1%%\\r2%%\\n'\n`,
  },
  broken: { files: { Dockerfile: `FROM ${base}\nNONSENSE here\n` }, says: /line 2.*NONSENSE/s },
  slow: { Dockerfile: `FROM ${base}\nRUN echo begun && sleep 60\n` },
})
