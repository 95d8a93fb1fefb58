import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { parseJsonc } from '#lib/jsonc.ts'
import { readInside } from './buildkit/context.ts'
import type { Source } from './driver.ts'

const schema = z.object({
  builder: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,40}$/, 'should be the name of a builder')
    .optional(),
  buildpacks: z.array(z.object({ url: z.string() })).default([]),
})

/** What the `app.json` of a tree, or the file that stands for it, says about building it: which driver, and buildpacks by their URLs. UserError `bad-app-json`. */
export async function readAppJson({ dir, choices }: Source): Promise<{ builder?: string; buildpacks: string[] }> {
  const name = choices?.appJson ?? 'app.json'
  const text = await readInside(dir, name)
  if (text === undefined) return { buildpacks: [] }
  const { builder, buildpacks } = parse(text, name)
  return { buildpacks: buildpacks.map(({ url }) => url), ...(builder !== undefined && { builder }) }
}

function parse(text: string, name: string): z.output<typeof schema> {
  let value: unknown
  try {
    value = parseJsonc(text)
  } catch (cause) {
    throw new UserError('bad-app-json', `${name} is not JSON: ${(cause as Error).message}`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new UserError('bad-app-json', `${name}: ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'not understood'}`)
}
