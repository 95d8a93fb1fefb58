import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AppContainer, Wanted } from './container.ts'
import { isFor, isSettled, planApp, serves } from './plan.ts'

/** A container of the model: as the engine shows it, and what only the model knows. */
interface Being extends AppContainer {
  /** Does it get ready when it is started? */
  healthy: boolean
  /** Was it ever? What ended since and is started again is passed over by nginx until it listens. */
  ready: boolean
}

interface World {
  beings: Being[]
  /** Ids that traffic goes to. */
  routes: string[]
  made: number
}

const spec = fc.constantFrom('old', 'new')
const process = fc.constantFrom('web', 'worker')
const index = fc.integer({ min: 1, max: 3 })
const wantedList = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 }), spec)
  .map(([webs, workers, of]) => [...range('web', webs, of), ...range('worker', workers, of)])
const being = fc
  .record({
    process,
    index,
    spec,
    stage: fc.constantFrom('upcoming', 'serving', 'retiring'),
    state: fc.constantFrom('created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'),
    healthy: fc.boolean(),
  })
  // Only what was ready ever got the name of what serves.
  .map((one) => ({ ...one, ready: one.stage === 'serving' }))
const beings = fc.array(being, { maxLength: 6 }).map((some) => some.map((one, at): Being => ({ ...one, ...identity(String(at)) })))

function range(of: string, count: number, like: string): Wanted[] {
  return Array.from({ length: count }, (_, n) => ({ process: of, index: n + 1, spec: like }))
}

function identity(id: string) {
  return { id, name: id, appId: 1, version: 1, address: '10.0.0.2', port: 5000 }
}

/** Carries out a plan as converge.ts does, and stops between any two steps so that the test may end it there. */
function* execute(world: World, wanted: readonly Wanted[]): Generator<void, void> {
  const plan = planApp(wanted, world.beings)
  const find = ({ id }: AppContainer) => world.beings.find((one) => one.id === id)
  const fresh = plan.keep.flatMap((one) => find(one) ?? [])
  const missing: Wanted[] = [...plan.create]
  const unproved: Being[] = []
  for (const one of plan.prove.flatMap((each) => find(each) ?? [])) {
    one.state = 'running'
    yield
    if (one.healthy) {
      one.ready = true
      fresh.push(one)
    } else {
      unproved.push(one)
      missing.push({ process: one.process, index: one.index, spec: one.spec })
    }
  }
  for (const want of missing) {
    const made: Being = { ...identity(`made-${world.made++}`), ...want, stage: 'upcoming', state: 'running', healthy: true, ready: false }
    world.beings.push(made)
    yield
    made.ready = true
    fresh.push(made)
    yield
  }
  for (const one of fresh) assert.ok(one.ready, `${one.id} gets traffic but was never ready`)
  world.routes = fresh.map(({ id }) => id)
  yield
  const leaving = [...plan.retire.flatMap((one) => find(one) ?? []), ...unproved]
  for (const one of leaving) {
    one.stage = 'retiring'
    yield
  }
  for (const one of leaving) {
    world.beings = world.beings.filter((each) => each !== one)
    yield
  }
  for (const one of fresh) {
    one.stage = 'serving'
    yield
  }
}

test('a plan gives every container one fate and every wish one answer', () => {
  fc.assert(
    fc.property(wantedList, beings, (wanted, existing) => {
      const { keep, prove, create, retire } = planApp(wanted, existing)
      const fates = [...keep, ...prove, ...retire].map(({ id }) => id)
      assert.deepEqual(
        fates.toSorted(),
        existing.map(({ id }) => id),
      )
      assert.equal(keep.length + prove.length + create.length, wanted.length)
      for (const want of wanted)
        assert.equal([...keep, ...prove].filter((one) => isFor(one, want)).length + create.filter((one) => one === want).length, 1)
    }),
  )
})

test('a plan retires nothing that is wanted and could serve, but twins of what it takes', () => {
  fc.assert(
    fc.property(wantedList, beings, (wanted, existing) => {
      const { keep, prove, retire } = planApp(wanted, existing)
      for (const one of retire) {
        const want = wanted.find((each) => isFor(one, each))
        if (want === undefined || one.stage === 'retiring' || one.state === 'removing' || one.state === 'dead') continue
        if (one.stage === 'upcoming' && one.state === 'created') continue
        const twin = [...keep, ...prove].find((each) => isFor(each, want))
        assert.ok(twin !== undefined && (serves(twin) || !serves(one)), `${one.process}.${one.index} goes while nothing better stays`)
      }
    }),
  )
})

test('whatever an app has, wherever executions of the plan are cut off and whatever ends meanwhile, one more makes it as wanted; traffic only goes to what was ready', () => {
  const crash = fc.record({ after: fc.nat(12), ends: fc.array(fc.nat(8), { maxLength: 2 }), wanted: wantedList })
  fc.assert(
    fc.property(beings, fc.array(crash, { maxLength: 4 }), wantedList, (existing, crashes, wanted) => {
      const world: World = { beings: existing.map((one) => ({ ...one })), routes: [], made: 0 }
      for (const { after, ends, wanted: then } of crashes) {
        const steps = execute(world, then)
        for (let step = 0; step < after && steps.next().done !== true; step++);
        for (const at of ends) {
          const one = world.beings[at % Math.max(1, world.beings.length)]
          if (one !== undefined) one.state = 'exited'
        }
      }
      const last = execute(world, wanted)
      let steps = 0
      while (last.next().done !== true) assert.ok(++steps < 100, 'the plan never ends')
      assert.ok(isSettled(planApp(wanted, world.beings)))
      assert.deepEqual(world.routes.toSorted(), world.beings.map(({ id }) => id).toSorted())
      assert.equal(world.beings.length, wanted.length)
      for (const one of world.beings) assert.ok(serves(one))
    }),
    { numRuns: 500 },
  )
})
