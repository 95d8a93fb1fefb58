import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { run } from '#lib/exec.ts'
import { assertPromised, examples, shell } from './shell.ts'

const docker = async (...words: string[]): Promise<string> => {
  const { stdout, stderr } = await run(['docker', ...words], { allow: 'any' })
  return (stdout + stderr).trim()
}
/** The image of the builder, which scripts/test built beside dokku's. */
const image = (process.env.DOKKU_IMAGE ?? assert.fail('DOKKU_IMAGE names the image under test')).replace(/dokku$/, 'builder')

/** The README's words, with names and ports that nobody else on this machine has. */
async function ours(t: TestContext) {
  const name = `${process.env.DOKKU_TEST_PREFIX ?? 'doors'}-builder-${randomBytes(2).toString('hex')}`
  const [ssh, http] = [await freePort(), await freePort()]
  t.after(async () => {
    await docker('rm', '--force', '--volumes', name)
    await docker('volume', 'rm', '--force', name)
    const images = (await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${name}/*`)).split('\n')
    await docker('image', 'rm', '--force', `${name}-shop`, `${name}-shop:2`, ...images.filter((line) => line !== ''))
    await rm('/tmp/shop', { recursive: true, force: true })
  })
  const typed = (block: string) =>
    block
      .replaceAll(/^docker run -d --name builder (.*) builder$/gm, `docker run -d --name ${name} -e BUILDER_PREFIX=${name} $1 ${image}`)
      .replaceAll('-v builder:', `-v ${name}:`)
      .replaceAll(/docker exec (-i )?builder /g, `docker exec $1${name} `)
      .replaceAll('builder/', `${name}/`)
      .replaceAll(/(-t|--rm) shop\b/g, `$1 ${name}-shop`)
      .replaceAll('2222', ssh)
      .replaceAll('8080', http)
  const listening = async (starts = 1) => {
    const deadline = performance.now() + 30_000
    const listens = (said: string) => [/execd: listening/g, /gitreceive: listening/g].every((words) => said.match(words)?.length === starts)
    for (let said = ''; !listens(said); said = await docker('logs', name)) assert.ok(performance.now() < deadline, said)
  }
  return { name, typed, listening }
}

/** A port of this machine that nobody listens at. */
async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? String(address.port) : assert.fail('no port')
}

test('the examples of the README of builder do what stands beside them, and its daemon goes on after a restart', async (t) => {
  const { name, typed, listening } = await ours(t)
  const { type, said } = await shell(t)
  const blocks = await examples('builder')
  assert.ok(blocks.length >= 5)
  for (const block of blocks.map(typed)) {
    await type(block)
    assertPromised(block, said())
    if (block.includes('docker run -d')) await listening()
  }

  // Nobody else comes in.
  await type(
    typed(`git push http://bob:wrong@localhost:8080/site.git main || echo "declined"
git push http://localhost:8080/site.git main </dev/null || echo "declined"
ssh-keygen -q -t ed25519 -N '' -f other
ssh -o BatchMode=yes -i other -p 2222 git@localhost jobs || echo "no entry"
`),
  )
  assert.equal(said().match(/^declined$/gm)?.length, 2, said())
  assert.match(said(), /^no entry$/m)

  // What fails declines the push.
  await type(
    typed(`printf 'FROM debian:trixie-slim\\nRUN echo the reason; exit 3\\n' >Dockerfile && git commit -q -a -m 'It fails'
GIT_SSH_COMMAND='ssh -i id -p 2222' git push git@localhost:shop.git main || echo "declined"
ssh -i id -p 2222 git@localhost jobs
`),
  )
  assert.match(said(), /remote: +the reason/)
  assert.match(said(), /pre-receive hook declined/)
  assert.match(said(), /^declined$/m)
  assert.match(said(), /failed .*\/shop:\w{12} {2}alice$/m)
  assert.doesNotMatch(said(), /bob/)

  // A build is cancelled by whoever pushed it, from elsewhere, and its pusher is told.
  await type(
    typed(`printf 'FROM debian:trixie-slim\\nRUN echo begun; sleep 120 # ${name}\\n' >Dockerfile && git commit -q -a -m 'It takes long'
GIT_SSH_COMMAND='ssh -i id -p 2222' git push git@localhost:shop.git main >pushed 2>&1 || echo "declined" >>pushed &
until grep -q ' begun' pushed; do sleep 0.1; done
ssh -i id -p 2222 git@localhost jobs >jobs
ssh -i id -p 2222 git@localhost cancel "$(awk '$2 == "building" { print $1 }' jobs)"
wait; cat pushed
`),
  )
  assert.match(said(), /=====> \d+ cancelled/)
  assert.match(said(), /remote: +! {5}the build was cancelled by alice/)
  assert.match(said(), /^declined$/m)

  // Everything is on its volume.
  await docker('restart', name)
  await listening(2)
  await type(
    typed(`printf 'FROM debian:trixie-slim\\nCOPY greeting /\\nCMD ["cat", "/greeting"]\\n' >Dockerfile
echo again >greeting && git commit -q -a -m 'Again'
GIT_SSH_COMMAND='ssh -i id -p 2222' git push git@localhost:shop.git main && docker run --rm builder/shop
ssh -i id -p 2222 git@localhost jobs
docker exec builder ls /opt/builder
`),
  )
  assert.match(said(), /^again$/m)
  assert.match(said(), /^ +1 {2}succeeded /m)
  // It needs nothing else of ours.
  assert.match(said(), /^builder\nexecd\ngitreceive\nlib\nnode_modules\npackage\.json\nplugn$/m)
})

test('a program of one’s own says who comes in through both doors', async (t) => {
  const { name, typed, listening } = await ours(t)
  const { type, said } = await shell(t)
  await type(
    typed(`mkdir -p /tmp/shop && cd /tmp/shop
printf 'FROM debian:trixie-slim\\n' >Dockerfile && git init -q -b main && git add Dockerfile && git commit -q -m 'A shop'
ssh-keygen -q -t ed25519 -N '' -f id
cat >auth <<'END'
#!/bin/sh
[ "$2" = - ] || { echo NAME=carol; exit 0; }
read -r secret && [ "$1 $secret" = 'dave sesame' ]
END
chmod +x auth
docker create --name ${name} -p 2222:22 -p 8080:80 -v builder:/var/lib/builder -v /var/run/docker.sock:/var/run/docker.sock -e BUILDER_PREFIX=${name} -e BUILDER_AUTH=/auth ${image}
docker cp auth ${name}:/auth
docker start ${name}
`),
  )
  await listening()
  await type(
    typed(`GIT_SSH_COMMAND='ssh -i id -p 2222' git push git@localhost:shop.git main
git push http://dave:sesame@localhost:8080/site.git main
git push http://dave:wrong@localhost:8080/site.git main || echo "no entry"
docker exec builder builder jobs
`),
  )
  assert.match(said(), / 1 {2}succeeded .*\/shop:\w+ {2}carol$/m)
  assert.match(said(), / 2 {2}succeeded .*\/site:\w+ {2}dave$/m)
  assert.match(said(), /^no entry$/m)
})
