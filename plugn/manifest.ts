import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { isHookName } from './catalogue.ts'
import { isPluginName } from './names.ts'
import { parseToml } from './toml.ts'

const text = z.string().max(2000)
const range = z.string().max(200)

/** One setting of a plugin: upstream's form is its description alone. */
const setting = z.union([
  text,
  z.strictObject({
    description: text.default('').describe('what it is, for people'),
    type: z.enum(['string', 'integer', 'boolean']).default('string').describe('what its values are'),
    default: z.union([z.string(), z.number().int(), z.boolean()]).optional().describe('its value when nobody sets one'),
    secret: z.boolean().default(false).describe('never shown'),
  }),
])

/** What a plugin says that it needs; one that says nothing may do everything, and is asked about at its installation. */
const needs = z.strictObject({
  docker: z.boolean().default(false).describe('the socket of the Docker Engine'),
  dokku: z.boolean().default(false).describe('to call the host back with the rights of whoever called the plugin'),
  network: z.boolean().default(false).describe('the network: without it, no sockets but unix sockets'),
  paths: z
    .array(z.string().regex(/^\/[^:\p{Cc}]*(:ro|:rw)?$/u))
    .default([])
    .describe('absolute paths, each with :ro or :rw'),
  hooks: z.array(z.string().refine(isHookName)).optional().describe('the hooks it may handle; without it, those it has'),
})

/** The [plugin] table of a plugin.toml, a superset of upstream's. */
export const manifestSchema = z.object({
  name: z
    .string()
    .refine(isPluginName, 'is no name of a plugin')
    .optional()
    .describe('letters, digits, _ . + and -; without it, the plugin is called as its folder'),
  description: text.default('').describe('one line for lists'),
  version: z.string().max(100).default('').describe('as semver has it, such as 1.2.0'),
  maintainer_name: text.optional().describe('who to ask'),
  maintainer_email: text.optional().describe('where to ask'),
  website_url: text.optional().describe('where to read more'),
  config: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/), setting)
    .default({})
    .describe('the settings of the plugin, each a description or a table; programs see them as CONFIG_KEY'),
  compatibility: z
    .record(z.string(), z.union([range, z.array(z.string().refine(isPluginName))]))
    .refine((ranges) => Object.entries(ranges).every(([key, value]) => Array.isArray(value) === (key === 'conflicts')), {
      error: 'ranges are texts, and conflicts a list of names',
    })
    .default({})
    .describe('a range for host and for each plugin; conflicts lists plugins'),
  hooks: z
    .record(
      z.string().refine(isHookName),
      z.strictObject({
        stdin: z.enum(['caller', 'json']).optional().describe('what its programs read: the input of the caller, or of the hook as JSON'),
        timeout: z.number().positive().optional().describe('seconds'),
      }),
    )
    .default({})
    .describe('how hooks are handled; a hook need not stand here'),
  commands: z.record(z.string(), text).default({}).describe('a summary for each command that the plugin adds'),
  daemon: z
    .strictObject({
      run: z.array(z.string()).min(1).describe('the program and its arguments'),
      hooks: z.array(z.string().refine(isHookName)).min(1).describe('the hooks it handles'),
    })
    .optional()
    .describe('a resident process that handles hooks'),
  external: z
    .strictObject({
      address: z
        .string()
        .regex(/^(unix:\/|tls:\/\/)/)
        .describe('a path as unix:/..., or tls://HOST:PORT'),
      hooks: z.array(z.string().refine(isHookName)).min(1).describe('the hooks it handles'),
      token: z.string().optional().describe('the setting that holds the token'),
      ca: z
        .string()
        .regex(/^\w[\w./-]*$/)
        .optional()
        .describe('a file of the plugin with the certificate that signed that of the other end'),
      fingerprint: z
        .string()
        .regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
        .optional()
        .describe('SHA-256 of the one certificate that the other end may show, whoever signed it'),
    })
    .optional()
    .describe('a process elsewhere that handles hooks'),
  needs: needs.optional().describe('what it may use; a plugin without this table may do everything'),
})

export type Manifest = z.infer<typeof manifestSchema>

/** What a plugin.toml says; UserError `bad-toml` with line and column, or `bad-plugin` with the key that is wrong. */
export function parseManifest(content: string, path = 'plugin.toml'): Manifest {
  return checkManifest(parseToml(content, path).plugin ?? {}, path)
}

/** The [plugin] table itself, checked; UserError `bad-plugin`. */
export function checkManifest(table: unknown, path: string): Manifest {
  const parsed = manifestSchema.safeParse(table)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError('bad-plugin', `${path}: ${['plugin', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`, {
    hint: 'docs/reference/plugin-toml.md lists what may stand there',
  })
}
