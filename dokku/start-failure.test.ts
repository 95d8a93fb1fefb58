import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayBeFailure, startFailure } from './start-failure.ts'

const oci = 'OCI runtime exec failed: exec failed: unable to start container process: '

for (const [output, status, message] of [
  [`${oci}exec: "nosuch": executable file not found in $PATH: unknown\r\n`, 127, /no such program/],
  [`${oci}exec: "/no/such": stat /no/such: no such file or directory: unknown\r\n`, 127, /no such program/],
  [`${oci}exec: "/etc": permission denied: unknown\r\n`, 126, /permission denied/],
  [`${oci}chdir to cwd ("/gone") set in config.json failed: no such file or directory: unknown\r\n`, 126, /working directory/],
  ['OCI runtime exec failed: something new\n', 126, /something new/],
  ['[FATAL tini (7)] exec nosuch failed: No such file or directory\n', 127, /no such program/],
  ['[FATAL tini (7)] exec /etc/passwd failed: Permission denied\r\n', 126, /permission denied/],
] as const)
  test(`startFailure gives ${status} and one line for ${output.trim()}`, () => {
    assert.ok(mayBeFailure(output))
    const failure = startFailure('nosuch', output)
    assert.equal(failure?.exitCode, status)
    assert.match(failure?.message ?? '', message)
    assert.doesNotMatch(failure?.message ?? '', /\n/)
  })

test('startFailure leaves what a program says to the program', () => {
  for (const output of ['', 'hello\n', 'my OCI runtime exec failed: no\n', '[FATAL tini (3)] and more of our own\n']) {
    assert.equal(startFailure('sh', output), undefined)
  }
})
