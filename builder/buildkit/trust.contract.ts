import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Docker, docker } from '#lib/docker.ts'
import { run } from '#lib/exec.ts'
import { extract, recorder, writeTree } from '../conformance.ts'
import { dockerfile } from '../drivers/dockerfile.ts'

const base = process.env.BUILDER_TEST_BASE ?? 'debian:trixie-slim'
const image = `test-builder-trust:${process.pid}`
const bundle = `-----BEGIN CERTIFICATE-----\n${'not really a certificate '.repeat(8000)}\n-----END CERTIFICATE-----\n`

describe('builder trust', () => {
  const dirs: string[] = []
  after(async () => {
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
    await (await docker()).getImage(image).remove({ force: true })
  })

  test('programs of a build see the bundle, whoever they run as, and the image keeps nothing of it', async () => {
    const engine = await docker()
    const dir = await writeTree({
      Dockerfile: `FROM ${base} AS first
RUN sha256sum < "$SSL_CERT_FILE" | tee /first \\
  # a comment inside
  && env | grep -c dokku-ca > /count
FROM ${base}
COPY --from=first /first /count /result/
USER nobody
run cat "$NODE_EXTRA_CA_CERTS" | wc -c >&2
USER root
RUN ["sh", "-c", "wc -c < \\"$PIP_CERT\\" > /result/size"]
RUN --mount=type=tmpfs,target=/tmp wc -c < /dev/dokku-ca.crt >> /result/size
`,
    })
    dirs.push(dir)
    const said = recorder()
    const { imageId } = await dockerfile.build(
      { source: { dir }, image, labels: {}, output: said.output, ca: bundle, noCache: true },
      engine,
    )

    const root = await extract(engine, image, '/result')
    dirs.push(root)
    assert.equal(await readFile(join(root, 'size'), 'utf8'), `${bundle.length}\n${bundle.length}\n`)
    assert.notEqual(Number(await readFile(join(root, 'count'), 'utf8')), 0)
    assert(
      said.lines().some((line) => line.trim() === String(bundle.length)),
      'nobody could read it',
    )

    const { Config } = await engine.getImage(imageId).inspect()
    assert.doesNotMatch(JSON.stringify(Config), /dokku-ca/)
    assert.doesNotMatch(JSON.stringify(await engine.getImage(imageId).history()), /BEGIN CERTIFICATE/)
    assert.deepEqual(
      [...(await names(engine, image, '/dev')), ...(await names(engine, image, '/run'))].filter((name) => /dokku|secrets/.test(name)),
      [],
    )
  })
})

/** What an image holds below a path. */
async function names(engine: Docker, image: string, path: string): Promise<string[]> {
  const container = await engine.createContainer({ Image: image, Cmd: ['none'] })
  try {
    const chunks: Buffer[] = []
    for await (const chunk of await container.getArchive({ path })) chunks.push(Buffer.from(chunk))
    return (await run(['tar', '--list', '--file=-'], { input: Buffer.concat(chunks) })).stdout.split('\n')
  } finally {
    await container.remove({ force: true })
  }
}
