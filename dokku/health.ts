import { connect } from 'node:net'
import * as z from 'zod'
import { messageOf } from '#lib/errors.ts'
import { type Instance, objectNames } from './instance.ts'

/** What must be up for an instance to be healthy. */
export type Part = 'state' | 'ssh' | 'appliance'

/** The parts that are down, with the reason; empty when all is well. */
export async function unhealthy(instance: Instance): Promise<Partial<Record<Part, string>>> {
  const checks: Record<Part, () => Promise<unknown>> = {
    state: async () => instance.db.get(z.object({ one: z.number() }), 'SELECT 1 AS one'),
    ssh: async () => instance.settings.scratch || (await greeting(instance)),
    appliance: () => instance.appliance.health(),
  }
  const results = await Promise.all(
    Object.entries(checks).map(async ([part, check]) => {
      try {
        await check()
        return []
      } catch (error) {
        return [[part, messageOf(error)]]
      }
    }),
  )
  return Object.fromEntries(results.flat())
}

/** Like unhealthy, but gives what is still starting up to `waitMs` to come up. */
export async function healthy(instance: Instance, waitMs: number): Promise<Partial<Record<Part, string>>> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const down = await unhealthy(instance)
    if (Object.keys(down).length === 0 || performance.now() >= deadline) return down
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Connects to the gateway and waits for sshd's first line. */
async function greeting(instance: Instance): Promise<void> {
  const info = await instance.engine.getContainer(objectNames(instance.settings.name).gateway).inspect()
  const host = Object.values(info.NetworkSettings.Networks)[0]?.IPAddress
  if (!info.State.Running || !host) throw new Error(`the gateway is ${info.State.Status}`)
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port: 2222, timeout: 2000 })
    socket.once('data', (data: Buffer) => {
      socket.destroy()
      if (data.toString('latin1').startsWith('SSH-2.0-')) resolve()
      else reject(new Error('port 2222 of the gateway does not speak SSH'))
    })
    socket.once('timeout', () => socket.destroy(new Error('sshd does not answer')))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('sshd closed the connection')))
  })
}

/** Waits for the appliance that was just started; one that stays away is said, and heals through its start event. */
export async function untilAppliance({ appliance, log }: Instance): Promise<void> {
  const deadline = performance.now() + 20_000
  for (;;) {
    try {
      return await appliance.health()
    } catch (error) {
      if (performance.now() > deadline) return log.error({ err: error }, 'the appliance does not come up')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}
