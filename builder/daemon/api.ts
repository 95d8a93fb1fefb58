import type { IncomingMessage } from 'node:http'
import { PassThrough, type Readable } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import type { Builder } from './builder.ts'
import { statusTrailer, wanted } from './jobs.ts'

const id = z.coerce.number().int().positive()
const yes = z.literal('1').optional()

/** The daemon's API: JSON and logs over HTTP; a failure answers 4xx (the caller can mend it) or 500 with `{ code, message, hint }`. */
export function api(builder: Builder): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()

  app.get('/jobs', (c) => c.json(builder.jobs))
  app.get('/jobs/:id', (c) => c.json(builder.job(id.parse(c.req.param('id')))))

  /** A tar as its body; answers what the build says, until it ends. Who goes away before that, ends it. */
  app.post('/jobs', async (c) => {
    const job = await builder.accept(wanted.parse(c.req.query()), bodyOf(c.env.incoming))
    const read = async (write: (text: string) => void, signal: AbortSignal) => {
      await builder.read(job.id, write, { follow: true, signal })
      c.env.outgoing.addTrailers({ [statusTrailer]: builder.job(job.id).status })
    }
    // What ended just now need not be cancelled.
    const gone = () => void builder.cancel(job.id, 'whoever asked for the build went away').catch(() => undefined)
    return c.body(lines(read, gone), 200, { 'content-type': 'text/plain; charset=utf-8', trailer: statusTrailer })
  })

  app.get('/jobs/:id/log', (c) => {
    const { id: number } = builder.job(id.parse(c.req.param('id')))
    const follow = yes.parse(c.req.query('follow')) === '1'
    const said = lines((write, signal) => builder.read(number, write, { follow, signal }))
    return c.body(said, 200, { 'content-type': 'text/plain; charset=utf-8' })
  })

  app.delete('/jobs/:id', async (c) => {
    const by = z.string().max(100).optional().parse(c.req.query('by'))
    const number = id.parse(c.req.param('id'))
    await builder.cancel(number, by === undefined ? 'the build was cancelled' : `the build was cancelled by ${by}`)
    return c.json(builder.job(number))
  })

  app.notFound((c) => c.json({ code: 'not-found', message: `no ${c.req.method} ${c.req.path} here` }, 404))
  app.onError((error, c) => {
    if (error instanceof UserError) return c.json({ code: error.code, message: error.message, hint: error.hint }, statusOf(error))
    if (error instanceof z.ZodError) return c.json({ code: 'bad-request', message: problem(error) }, 422)
    return c.json({ code: 'builder-failed', message: messageOf(error) }, 500)
  })
  return app
}

/** A body that can be given up without giving up the connection, on which the reason is still to be said. */
function bodyOf(request: IncomingMessage): Readable {
  const body = request.pipe(new PassThrough())
  request.once('close', () => request.complete || body.destroy(new Error('it was cut off')))
  // Whoever reads it sees its failure there; it may also fail before anybody does.
  body.on('error', () => undefined)
  return body
}

function statusOf({ code }: UserError): 404 | 409 | 422 | 503 {
  if (code === 'no-such-job') return 404
  if (code === 'job-ended') return 409
  return code === 'queue-full' || code === 'build-cancelled' ? 503 : 422
}

function problem({ issues }: z.ZodError): string {
  const [issue] = issues
  return `${issue?.path.join('.') || 'the request'} ${issue?.message ?? 'is not understood'}`
}

/** What is written, as a body; `gone` is called when its reader leaves before the end. */
function lines(
  write: (take: (text: string) => void, signal: AbortSignal) => Promise<void>,
  gone: () => void = () => undefined,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const left = new AbortController()
  return new ReadableStream({
    start(controller) {
      write((text) => left.signal.aborted || controller.enqueue(encoder.encode(text)), left.signal).then(
        () => left.signal.aborted || controller.close(),
        (error: unknown) => controller.error(error),
      )
    },
    cancel() {
      left.abort()
      gone()
    },
  })
}
