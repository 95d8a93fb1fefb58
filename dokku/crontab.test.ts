import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onSchedule, parseCronEntries, parseCronFile } from './crontab.ts'

test('lines of cron-entries are a schedule, a command and perhaps a log file; what is none is said by its line', () => {
  const { entries, problems } = parseCronEntries(
    '# mine\n\n*/5 * * * *;dokku redis:backup a;/var/log/a.log\n@daily ; true\n* * *;true\n* * * * *;\nnonsense\n99 * * * *;x\n',
  )
  assert.deepEqual(entries, [
    { schedule: '*/5 * * * *', command: 'dokku redis:backup a', env: {}, logFile: '/var/log/a.log' },
    { schedule: '@daily', command: 'true', env: {} },
  ])
  assert.deepEqual(
    problems.map((problem) => problem.slice(0, 7)),
    ['line 5:', 'line 6:', 'line 7:', 'line 8:'],
  )
  assert.match(problems[0] ?? '', /"\* \* \*" is no schedule/)
})

test('a cron file has users, variables for the lines below, percent signs, and a time zone', () => {
  const { entries, problems } = parseCronFile(
    'SHELL=/bin/sh\n0 3 * * * dokku /usr/bin/dokku postgres:backup db "a b"\nMAILTO="me@example.com"\nCRON_TZ=Europe/Berlin\n@hourly\troot\tdate +\\%F%one%two\n1 2 3 4 root\n* * * * * *x\n',
  )
  assert.deepEqual(entries, [
    { schedule: '0 3 * * *', user: 'dokku', command: '/usr/bin/dokku postgres:backup db "a b"', env: { SHELL: '/bin/sh' } },
    {
      schedule: '@hourly',
      user: 'root',
      command: 'date +%F',
      stdin: 'one\ntwo\n',
      env: { SHELL: '/bin/sh', MAILTO: 'me@example.com' },
      zone: 'Europe/Berlin',
    },
  ])
  assert.equal(problems.length, 2)
})

test('a schedule starts its work at its times, in its time zone, and no more once it is stopped', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.UTC(2026, 0, 1, 0, 0, 30) })
  let ran = 0
  const minutely = onSchedule({ schedule: '* * * * *' }, () => ran++)
  assert.deepEqual(minutely.next(), new Date(Date.UTC(2026, 0, 1, 0, 1)))
  for (let n = 0; n < 90; n++) t.mock.timers.tick(1000)
  assert.equal(ran, 2)
  minutely.stop()
  for (let n = 0; n < 90; n++) t.mock.timers.tick(1000)
  assert.equal(ran, 2)
  const berlin = onSchedule({ schedule: '0 3 * * *', zone: 'Europe/Berlin' }, () => undefined)
  assert.deepEqual(berlin.next(), new Date(Date.UTC(2026, 0, 1, 2, 0)))
  berlin.stop()
})
