import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { assertPromised, examples, shell } from './shell.ts'

for (const [component, folder] of [
  ['execd', '/tmp/door'],
  ['gitreceive', '/tmp/srv'],
] as const)
  test(`the examples of the README of ${component} do what stands beside them`, async (t) => {
    const blocks = await examples(component)
    assert.ok(blocks.length >= 2)
    t.after(() => rm(folder, { recursive: true, force: true }))
    const { type, said } = await shell(t)
    for (const block of blocks) {
      await type(block)
      assertPromised(block, said())
    }
  })

test('gitreceive init makes an account to which people push by the sshd that a machine has', async (t) => {
  const { type, said } = await shell(t)
  t.after(() => rm('/tmp/machine', { recursive: true, force: true }))
  await type(`mkdir -p /tmp/machine /run/sshd && cd /tmp/machine && chmod 755 . && export GITUSER=gitpush GITHOME=/tmp/machine/home
gitreceive init
ssh-keygen -q -t ed25519 -N '' -f id && ssh-keygen -q -t ed25519 -N '' -f host && gitreceive upload-key alice <id.pub
printf 'Port 2418\\nListenAddress 127.0.0.1\\nHostKey /tmp/machine/host\\nUsePAM no\\nPidFile none\\n' >sshd_config
git init -q -b main work && echo hello >work/index.html
git -C work add . && git -C work commit -q -m 'A page'
$(command -v sshd || echo /usr/sbin/sshd) -D -e -f /tmp/machine/sshd_config &
`)
  await type(`GIT_SSH_COMMAND='ssh -i /tmp/machine/id -p 2418' git -C work push gitpush@127.0.0.1:blog.git main
git -C work log --format=%H -1
stat -c 'owned by %U' home/repositories/blog.git/HEAD
ssh -i id -p 2418 gitpush@127.0.0.1 id || echo "no shell"
`)
  assert.match(said(), /remote: ----> [0-9a-f]{40} of blog by alice/)
  assert.match(said(), /remote: index\.html/)
  assert.match(said(), /owned by gitpush/)
  assert.match(said(), /Only git push, fetch and clone are served here/)
  assert.match(said(), /no shell/)
})
