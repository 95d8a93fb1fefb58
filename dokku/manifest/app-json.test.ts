import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAppJson } from './app-json.ts'
import { lineFinder } from './places.ts'

/** Each field, with what it cannot be: the place that is named, and the value there. */
const wrong: [place: string, value: unknown][] = [
  ['healthchecks', []],
  ['healthchecks.web', {}],
  ...['type', 'name', 'path', 'command', 'content', 'httpHeaders', 'port', 'scheme', 'listening', 'uptime', 'attempts', 'timeout'].map(
    (field): [string, unknown] => [`healthchecks.web[0].${field}`, { no: 1 }],
  ),
  ...['wait', 'initialDelay', 'warn', 'onFailure'].map((field): [string, unknown] => [`healthchecks.web[0].${field}`, 'no']),
  ['healthchecks.web[0].path', 'no-slash'],
  ['healthchecks.web[0].port', 70_000],
  ['healthchecks.web[0].attempts', 0],
  ['healthchecks.web[0].uptime', -1],
  ['healthchecks.web[0].onFailure.url', 3],
  ['formation', 3],
  ['formation.web', 3],
  ['formation.web.quantity', -1],
  ['formation.web.quantity', 10_000],
  ['formation.web.max_parallel', 0],
  ['scripts', 'no'],
  ['scripts.postdeploy', 3],
  ['scripts.dokku', 3],
  ['scripts.dokku.predeploy', ['a']],
  ['scripts.dokku.postdeploy', {}],
  ['env', ['A']],
  ['env.not-a-name', 'x'],
  ['env.A', 3],
  ['env.A.value', 3],
  ['env.A.required', 'yes'],
  ['env.A.generator', 'dice'],
  ['env.A.sync', 'yes'],
  ['env.A.description', 3],
  ['cron', {}],
  ['cron[0].command', 3],
  ['cron[0].command', ''],
  ['cron[0].command', 'a | b'],
  ['cron[0].command', 'a "b'],
  ['cron[0].schedule', 'sometimes'],
  ['cron[0].schedule', '0 0 31 2'],
  ['cron[0].maintenance', 'yes'],
  ['cron[0].concurrency_policy', 'maybe'],
  ['addons', 'redis'],
]

/** An app.json in which only this place is wrong, and the line it is on. */
function written(place: string, value: unknown): { text: string; line: number } {
  const keys = place.replaceAll('[0]', '.0').split('.')
  const mark = '"the wrong value"'
  const whole = keys.toReversed().reduce<unknown>((inner, key) => {
    if (key === '0') return [place.startsWith('cron') ? { command: 'a', schedule: '@daily', ...(inner as object) } : inner]
    return { [key]: inner }
  }, 'the wrong value')
  const text = JSON.stringify(whole, undefined, 2)
  const line = text.slice(0, text.indexOf(mark)).split('\n').length
  return { text: `// a comment\n${text.replace(mark, JSON.stringify(value))}`, line: line + 1 }
}

for (const [place, value] of wrong)
  test(`app.json with ${place} = ${JSON.stringify(value)} is refused with file, line and field`, () => {
    const { text, line } = written(place, value)
    assert.throws(
      () => parseAppJson(text, 'config/app.json'),
      (error: Error) => error.message.startsWith(`config/app.json:${line}: ${place}: `) || assert.fail(error.message),
    )
  })

test('app.json that is no JSON is refused with its line', () => {
  assert.throws(() => parseAppJson('{\n  "env": {\n  nonsense\n}'), { code: 'bad-app-json', message: /^app\.json:3: it is not JSON/ })
})

test('every mistake of an app.json is said at once, and a check has one way only', () => {
  const text = '{ "formation": { "web": { "quantity": -1 } },\n "healthchecks": { "web": [{ "path": "/", "uptime": 3 }] } }'
  assert.throws(() => parseAppJson(text), /^UserError: app\.json:1: formation\.web\.quantity: /)
  assert.throws(
    () => parseAppJson('{\n"healthchecks": { "web": [{ "path": "/", "uptime": 3 }] } }'),
    /app\.json:2: .*only one of path, uptime/,
  )
  assert.throws(
    () => parseAppJson('{"cron":[{"command":"a","schedule":"@daily"},\n{"command":"a","schedule":"@daily"}]}'),
    /:2: cron\[1\]: is the same/,
  )
})

test('a variable may be a text, and what is not ours is left alone', () => {
  const { env } = parseAppJson('{"env":{"A":"x"},"stack":"heroku-24","image":3,"environments":{}}')
  assert.deepEqual(env, { A: { value: 'x', required: true, sync: false } })
})

test('a line is found for what is missing, too', () => {
  const lineOf = lineFinder('{\n "a": [\n  { "b": 1 },\n  { }\n ]\n}')
  assert.deepEqual([lineOf([]), lineOf(['a']), lineOf(['a', 0, 'b']), lineOf(['a', 1, 'b']), lineOf(['c'])], [1, 2, 3, 4, 1])
})
