import * as z from 'zod'

const seconds = z.number().min(0).max(3600)

/** One way to find out whether a container is well, as app.json describes it. */
export const healthcheck = z.object({
  type: z.enum(['startup', 'readiness', 'liveness']).default('startup'),
  name: z.string().optional(),
  path: z.string().startsWith('/').optional(),
  command: z.array(z.string()).min(1).optional(),
  content: z.string().optional(),
  httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  port: z.int().min(1).max(65535).optional(),
  scheme: z
    .string()
    .regex(/^https?$/i, 'should be http or https')
    .optional(),
  listening: z.boolean().optional(),
  uptime: z.number().min(0).optional(),
  attempts: z.int().min(1).max(1000).optional(),
  timeout: z.number().min(0.1).max(3600).optional(),
  wait: seconds.optional(),
  initialDelay: seconds.default(0),
  /** A failure is said, and the deploy goes on. */
  warn: z.boolean().optional(),
  onFailure: z.object({ command: z.array(z.string()).optional(), url: z.string().optional() }).optional(),
})

/** A variable that the app wants to have; a text is its value. */
const variable = z.preprocess(
  (value) => (typeof value === 'string' ? { value } : value),
  z.object({
    value: z.string().optional(),
    required: z.boolean().default(true),
    generator: z.literal('secret').optional(),
    /** Set at each deploy, not only the first. */
    sync: z.boolean().default(false),
    description: z.string().optional(),
  }),
)

/** Something the app wants to have run at its times. */
export const cronTask = z.object({
  command: z.string().trim().min(1).max(10_000),
  schedule: z.string(),
  /** It is not to run now. */
  maintenance: z.boolean().default(false),
  concurrency_policy: z.enum(['allow', 'forbid', 'replace']).default('allow'),
})

const script = z.string().optional()

/** What app.json says about running an app, as it is kept with a release; keys that are not here are left to others. */
export const described = z.object({
  healthchecks: z.record(z.string(), z.array(healthcheck)).default({}),
  formation: z
    .record(z.string(), z.object({ quantity: z.int().min(0).max(100).optional(), max_parallel: z.int().min(1).max(100).optional() }))
    .default({}),
  scripts: z.object({ postdeploy: script, dokku: z.object({ predeploy: script, postdeploy: script }).optional() }).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'should be a name of a variable'), variable).optional(),
  cron: z.array(cronTask).max(1000).optional(),
  addons: z.array(z.unknown()).optional(),
})

export type Described = z.output<typeof described>
export type Healthcheck = z.output<typeof healthcheck>
export type CronTask = z.output<typeof cronTask>
