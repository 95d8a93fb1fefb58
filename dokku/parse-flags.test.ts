import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { flagText, parseFlags } from './parse-flags.ts'

const texts = (line: string | string[]) => parseFlags(line, 'deploy').map(flagText)

test('parseFlags reads a value behind a blank, behind = and behind a short name', () => {
  assert.deepEqual(texts('--link db.1:db -m 512m --user=app:app -l a=b -eKEY=v -e=OTHER=v --read-only'), [
    '--link db.1:db',
    '--memory 512m',
    '--user app:app',
    '--label a=b',
    '--env KEY=v',
    '--env OTHER=v',
    '--read-only',
  ])
})

test('parseFlags groups by quotes and expands nothing', () => {
  assert.deepEqual(parseFlags(`--label "note=two  words" --env 'A=$(id) \`x\`' --label=b=c\\ d`, 'run'), [
    { name: 'label', value: 'note=two  words' },
    { name: 'env', value: 'A=$(id) `x`' },
    { name: 'label', value: 'b=c d' },
  ])
  assert.deepEqual(parseFlags(['--label', 'note=two words'], 'run'), [{ name: 'label', value: 'note=two words' }])
})

test('flagText is read as the flag that it was', () => {
  const value = fc.string({ unit: 'binary' }).map((text) => `K=${text}`)
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const flags = values.map((one) => ({ name: 'env', value: one }))
      assert.deepEqual(parseFlags(flags.map(flagText).join('\n'), 'deploy'), flags)
    }),
  )
})

test('parseFlags refuses what leads out of an app, in every spelling', () => {
  const out = [
    '--privileged',
    '--privileged=true',
    '--cap-add NET_ADMIN',
    '--security-opt=seccomp=unconfined',
    '--device /dev/sda',
    '--gpus all',
    '--pid host',
    '--pid=container:other',
    '--ipc=host',
    '--uts host',
    '--userns host',
    '--cgroupns=host',
    '--cgroup-parent x',
    '--runtime x',
    '--sysctl a=b',
    '-v /:/host',
    '-v/:/host',
    '--volume=/var/run/docker.sock:/s',
    '--mount type=bind,src=/,dst=/host',
    '--volumes-from other',
    '--env-file /etc/shadow',
    '--network host',
    '--net=container:other',
    '-p 80:80',
    '-P',
    '--restart always',
    '--log-driver syslog',
    '--name x',
  ]
  for (const line of out) assert.throws(() => texts(line), { code: 'refused-docker-option' }, line)
})

test('parseFlags says what is wrong with what it does not know, and with values', () => {
  const wrong = {
    '--lnk db:db': /knows no option --lnk/,
    'db:db': /is not an option/,
    '--': /is not an option/,
    '-it': /not for apps/,
    '--link': /needs a value/,
    '--link=': /needs a value/,
    '--read-only=false': /takes no value/,
    '--link a:b:c': /is not a link/,
    '--link ../x:db': /is not a link/,
    '--label dokku.instance=x': /dokku's own/,
    '--label com.dokku.app-name=x': /dokku's own/,
    '--label dokku': /dokku's own/,
    '--env HOME': /is not KEY=value/,
    '--memory lots': /is not a size/,
    '--memory 1k': /less than the engine/,
    '--cpus many': /is not 1\.5/,
    '--pids-limit -1': /is not a number/,
    '--pids-limit 4097': /not from 1 to 4096/,
    '--ulimit rtprio=99': /not a limit that may be set/,
    '--tmpfs run': /not a place/,
    '--tmpfs /run:bind': /not a place/,
    '--add-host db': /not a host and its address/,
    '--dns example.com': /not an IP address/,
    '--cap-drop all; rm': /is not a capability/,
    '--build-arg A=b': /means nothing in the phase deploy/,
    '--__proto__ x': /is not an option/,
    '--constructor x': /knows no option/,
  }
  for (const [line, message] of Object.entries(wrong)) assert.throws(() => texts(line), { message }, line)
  assert.throws(() => parseFlags('--memory 1g', 'build'), { message: /means nothing in the phase build/ })
  assert.throws(() => texts(`--label "a=b`), { code: 'unbalanced-quotes' })
})
