import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recorder } from '../conformance.ts'
import { Progress } from './progress.ts'
import { encode } from './protobuf.ts'
import { decodeTrace } from './trace.ts'
import { trusting } from './trust.ts'

const stamp = encode([[1, 1700000000]])

const field = (number: number, value: number | string | Uint8Array): [number, number | string | Uint8Array] => [number, value]

/** A message as the engine sends it. */
function vertex(name: string, state: { started?: boolean; completed?: boolean; cached?: boolean; error?: string } = {}): Buffer {
  return encode([
    [
      1,
      encode([
        [1, `sha256:${name}`],
        [2, 'sha256:input'],
        [3, name],
        ...(state.cached ? [field(4, 1)] : []),
        ...(state.started || state.completed ? [field(5, stamp)] : []),
        ...(state.completed ? [field(6, stamp)] : []),
        ...(state.error ? [field(7, state.error)] : []),
      ]),
    ],
  ])
}

function log(name: string, data: string | Uint8Array): Buffer {
  return encode([
    [
      3,
      encode([
        [1, `sha256:${name}`],
        [2, stamp],
        [3, 1],
        [4, data],
      ]),
    ],
  ])
}

function lines(...messages: Buffer[]): string[] {
  const said = recorder()
  const progress = new Progress(said.output, () => 0)
  for (const message of messages) progress.update(decodeTrace(message))
  return said.lines().map((line) => line.slice(7, -1))
}

describe('builder progress', () => {
  test('shows a step as its author wrote it, without the mount that makes it trust our certificates', () => {
    const step = trusting('FROM a\nRUN npm ci').text.split('\n').at(-1) ?? ''
    assert.match(step, /--mount=type=secret/)
    assert.deepEqual(lines(vertex(`[2/2] ${step}`, { started: true })), ['[2/2] RUN npm ci'])
  })

  test('heads a step once, when it starts, and streams its output', () => {
    const name = '[2/3] RUN make'
    assert.deepEqual(
      lines(
        vertex(name),
        vertex(name, { started: true }),
        log(name, 'one\ntw'),
        log(name, 'o\n'),
        vertex(name, { started: true, completed: true }),
      ),
      [name, 'one', 'two'],
    )
  })

  test('marks what was not run again', () => {
    assert.deepEqual(lines(vertex('[2/3] RUN make', { completed: true, cached: true })), ['[2/3] RUN make CACHED'])
  })

  test('keeps quiet about the steps of the engine itself', () => {
    assert.deepEqual(
      lines(vertex('[internal] load remote build context', { completed: true }), vertex('exporting to image', { started: true })),
      [],
    )
  })

  test('writes a last line that has no end when the step ends', () => {
    const name = '[1/1] RUN printf x'
    assert.deepEqual(lines(vertex(name, { started: true }), log(name, 'x'), vertex(name, { completed: true })), [name, 'x'])
  })

  test('shows the last drawing of a progress bar, without colours', () => {
    const name = '[1/1] RUN npm ci'
    assert.deepEqual(lines(vertex(name, { started: true }), log(name, '10%\r50%\r\u001b[32m100%\u001b[0m\r\n')), [name, '100%'])
  })

  test('joins characters that arrive in two pieces', () => {
    const name = '[1/1] RUN echo'
    const bytes = Buffer.from('é\n')
    assert.deepEqual(lines(vertex(name, { started: true }), log(name, bytes.subarray(0, 1)), log(name, bytes.subarray(1))), [name, 'é'])
  })

  test('says whose lines they are when steps run side by side', () => {
    const [a, b] = ['[a 1/1] RUN a', '[b 1/1] RUN b']
    const said = lines(
      vertex(a, { started: true }),
      vertex(b, { started: true }),
      log(a, 'from a\n'),
      log(b, 'from b\n'),
      log(b, 'more b\n'),
    )
    assert.deepEqual(said, [a, b, a, 'from a', b, 'from b', 'more b'])
  })

  test('repeats the last lines of the step that failed when others spoke since', () => {
    const [a, b] = ['[a 1/1] RUN a', '[b 1/1] RUN b']
    const said = lines(
      vertex(a, { started: true }),
      log(a, 'the reason\n'),
      vertex(b, { started: true }),
      vertex(b, { completed: true, error: 'context canceled' }),
      vertex(a, { completed: true, error: 'exit code: 1' }),
    )
    assert.deepEqual(said.slice(-2), [`${a} failed; its last lines:`, 'the reason'])
  })

  test('remembers the step that failed, not those stopped with it', () => {
    const progress = new Progress(recorder().output)
    progress.update(decodeTrace(vertex('[b 1/1] RUN b', { completed: true, error: 'process did not end: context canceled' })))
    progress.update(decodeTrace(vertex('[a 1/1] RUN a', { completed: true, error: 'exit code: 1' })))
    assert.equal(progress.failed?.name, '[a 1/1] RUN a')
  })

  test('says now and then how far a download is', () => {
    let now = 0
    const said = recorder()
    const progress = new Progress(said.output, () => now)
    const work = (current: number) =>
      decodeTrace(
        encode([
          [
            2,
            encode([
              [1, 'layer'],
              [2, 'sha256:x'],
              [4, current],
              [5, 30_000_000],
            ]),
          ],
        ]),
      )
    progress.update(work(1_000_000))
    now = 6000
    progress.update(work(12_000_000))
    progress.update(work(13_000_000))
    assert.deepEqual(said.lines(), ['       12.0 of 30.0 MB\n'])
  })
})
