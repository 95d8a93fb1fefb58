import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type FailedStep, Progress } from './buildkit/progress.ts'
import { recorder } from './conformance.ts'
import { failure } from './failure.ts'

function progress(failed?: Partial<FailedStep>): Progress {
  const result = new Progress(recorder().output)
  if (failed) result.failed = { name: '[2/3] RUN make all', error: '', tail: [], ...failed }
  return result
}

describe('builder failure', () => {
  test('names the instruction and its status, as old and new engines put it', () => {
    for (const message of [
      'executor failed running [/bin/sh -c make all]: exit code: 2',
      'failed to solve: process "/bin/sh -c make all" did not complete successfully: exit code: 2',
    ]) {
      const error = failure({ message, progress: progress({}) })
      assert.equal(error.code, 'build-failed')
      assert.equal(error.message, '`RUN make all` failed with exit status 2')
    }
  })

  test('calls a killed step out of memory, with the cap and how to raise it', () => {
    const limits = { memory: 3 * 2 ** 29, cpus: 1 }
    const advice = { memory: 'raise it with MORE', secret: () => '' }
    const error = failure({ message: 'x: exit code: 137', progress: progress({}), limits, advice })
    assert.equal(error.code, 'build-out-of-memory')
    assert.match(error.message, /`RUN make all` was killed.*builds may use 1\.5 GiB/)
    assert.equal(error.hint, 'raise it with MORE')
  })

  test('believes a program that says its child was killed', () => {
    for (const line of [
      'Killed',
      'npm error signal SIGKILL',
      'compile: signal: killed',
      'cc: fatal error: Killed signal terminated program cc1',
    ])
      assert.equal(failure({ message: 'exit code: 1', progress: progress({ tail: [line] }) }).code, 'build-out-of-memory', line)
    assert.equal(failure({ message: 'exit code: 1', progress: progress({ tail: ['test "Killed by" failed'] }) }).code, 'build-failed')
  })

  test("puts the author's line number into a parse error", () => {
    const message =
      'failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 19: unknown instruction: NONSENSE'
    const error = failure({ message, progress: progress(), originalLine: (line) => line - 16 })
    assert.equal(error.message, 'the Dockerfile could not be built: dockerfile parse error line 3: unknown instruction: NONSENSE')
  })

  test('names the base image that could not be pulled', () => {
    const error = failure({
      message: 'failed to solve: no such host',
      progress: progress({ name: '[internal] load metadata for docker.io/library/nosuch:1' }),
    })
    assert.equal(error.message, 'the base image docker.io/library/nosuch:1 could not be pulled: no such host')
  })

  test('names the syntax image that could not be pulled, and only then', () => {
    const syntax = 'docker/dockerfile:1'
    for (const name of ['resolve image config for docker.io/docker/dockerfile:1', 'docker-image://docker.io/docker/dockerfile:1@sha256:0'])
      assert.equal(failure({ message: 'no such host', progress: progress({ name }), syntax }).code, 'syntax-unreachable')
    assert.equal(failure({ message: 'exit code: 1', progress: progress({}), syntax }).code, 'build-failed')
  })

  test('keeps the reason of a step that did not run at all', () => {
    const error = failure({
      message: 'failed to compute cache key: "/x" not found: not found',
      progress: progress({ name: '[2/2] COPY x /' }),
    })
    assert.equal(error.message, '`COPY x /` failed: failed to compute cache key: "/x" not found: not found')
  })
})
