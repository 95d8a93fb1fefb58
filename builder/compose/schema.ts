import * as z from 'zod'

/** Numbers and booleans are text in a Compose file too. */
const text = z.union([z.string(), z.number(), z.boolean()], 'should be text').transform(String)
const texts = z.array(text)
const oneOrMore = z.union([text.transform((one) => [one]), texts], 'should be text or a list')

/** `KEY: value` or `KEY=value`; without a value the variable is taken from outside. */
const variables = z.union(
  [
    z.record(z.string(), text.nullable()),
    texts.transform((lines) =>
      Object.fromEntries(
        lines.map((line): [string, string | null] => {
          const at = line.indexOf('=')
          return at < 0 ? [line, null] : [line.slice(0, at), line.slice(at + 1)]
        }),
      ),
    ),
  ],
  'should be KEY: value, or a list of KEY=value',
)

/** A line that is split into words, or the words. */
const words = z.union([z.string(), texts], 'should be a line or a list of words').nullish()

const build = z
  .object({
    context: text.default('.'),
    dockerfile: text.optional(),
    dockerfile_inline: text.optional(),
    args: variables.default({}),
    target: text.optional(),
    network: text.default('default'),
  })
  .transform(({ dockerfile_inline: inline, ...rest }) => ({ ...rest, inline }))

const dependency = z.object({
  condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']).default('service_started'),
  required: z.boolean().default(true),
})
const dependencies = z.union(
  [
    texts.transform((names) => Object.fromEntries(names.map((name) => [name, dependency.parse({})]))),
    z.record(
      z.string(),
      dependency.nullable().transform((one) => one ?? dependency.parse({})),
    ),
  ],
  'should be a list of services, or a condition for each',
)

const port = z.union([text, z.object({ target: text, protocol: text.default('tcp') })], 'should be a port, or have a target')

const envFile = z.union([
  text.transform((path) => ({ path, required: true })),
  z.object({ path: text, required: z.boolean().default(true) }),
])

const network = z.object({ aliases: texts.default([]) }).nullable()
const networks = z.union([texts.transform(() => ({})), z.record(z.string(), network)], 'should be a list of networks')

/** A service of a Compose file, as far as it is read. */
export const serviceSchema = z.object({
  image: text.optional(),
  build: z.union([text.transform((context) => build.parse({ context })), build], 'should be a folder, or have a context').optional(),
  entrypoint: words,
  command: words,
  environment: variables.default({}),
  env_file: z.union([envFile.transform((one) => [one]), z.array(envFile)], 'should be a path or a list of paths').default([]),
  ports: z.array(port).default([]),
  expose: oneOrMore.default([]),
  depends_on: dependencies.default({}),
  deploy: z.object({ replicas: z.coerce.number().int().min(0).max(100).optional() }).default({}),
  scale: z.coerce.number().int().min(0).max(100).optional(),
  profiles: texts.default([]),
  networks: networks.default({}),
  user: text.optional(),
  working_dir: text.optional(),
  stop_signal: text.optional(),
})

/** A service of a Compose file. */
export type ComposeService = z.output<typeof serviceSchema>
