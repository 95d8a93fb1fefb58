import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Settings } from '../settings.ts'
import { problem } from '../site.ts'
import { changeTree, type TreeChange, treeChange, treeOf } from './changes.ts'
import { isList, isObject, type Json, jsonOf, parsePath, treeRefused, valueAt } from './document.ts'
import { treeAlone } from './placed.ts'

/** `/v1`: the configuration as a tree of JSON, edited by its paths. What it does not take answers 400, as the first Nginx Appliance did. */
export function treeApi({ pipeline, settings }: { pipeline: Pipeline; settings: Settings }): Hono {
  const app = new Hono()
  const change = async (c: Context, changes: readonly TreeChange[]) => {
    await pipeline.change('the tree', changeTree(changes, settings))
    return c.body(null, 200)
  }
  const stored = () => pipeline.state.tree ?? { document: {}, values: {} }

  app.all('/v1/config', (c) => c.redirect('/v1/config/', 301))
  app.get('/v1/config/*', (c) => {
    const found = valueAt(stored().document, pathOf(c))
    const shown = isObject(found) || isList(found) ? found : [found ?? null]
    return c.body(`${JSON.stringify(shown)}\n`, 200, { 'content-type': 'application/json' })
  })
  for (const method of ['POST', 'PUT'] as const)
    app.on(method, '/v1/config/*', async (c) => {
      const path = `/${pathOf(c).map(encodeURIComponent).join('/')}`
      // Whether a POST can be is asked before its body is read.
      if (method === 'POST') checkPost(valueAt(stored().document, pathOf(c)), path)
      return await change(c, [{ method, path, value: jsonOf(await c.req.text()) }])
    })
  app.delete('/v1/config/*', async (c) => await change(c, [{ method: 'DELETE', path: `/${pathOf(c).map(encodeURIComponent).join('/')}` }]))

  app.post('/v1/changes', async (c) => await change(c, z.array(treeChange).parse(jsonOf(await c.req.text()))))

  app.get('/v1/render', (c) => c.text(treeAlone(stored(), settings)))
  app.post('/v1/render', async (c) => {
    const document = jsonOf(await c.req.text())
    if (!isObject(document)) throw treeRefused('a tree is an object')
    await pipeline.try('the tree', changeTree([{ method: 'PUT', path: '/', value: document }], settings))
    return c.text(treeAlone(await treeOf(document, settings), settings))
  })

  for (const [path, allow] of [
    ['/v1/config/*', 'GET, POST, PUT, DELETE'],
    ['/v1/changes', 'POST'],
    ['/v1/render', 'GET, POST'],
  ] as const)
    app.all(path, (c) => c.json({ code: 'bad-method', message: `${c.req.path} takes ${allow}` }, 405, { allow }))

  app.onError((error, c) => {
    if (error instanceof UserError)
      return c.json({ code: error.code, message: error.message, hint: error.hint }, error.code === 'tree-scalar' ? 405 : 400)
    if (error instanceof z.ZodError) return c.json({ code: 'bad-request', message: problem(error) }, 400)
    throw error
  })
  return app
}

function checkPost(found: Json | undefined, path: string): void {
  if (!isObject(found) && !isList(found))
    throw new UserError('tree-scalar', `${path} is neither an object nor a list: only these take a POST`, {
      hint: 'PUT replaces any value',
    })
}

/** The path in a request, as it was sent: Hono decodes some of it. */
function pathOf({ req }: Context): string[] {
  return parsePath(new URL(req.url).pathname.replace(/^\/v1\/config/, ''))
}
