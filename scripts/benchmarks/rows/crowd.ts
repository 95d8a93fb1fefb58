import type { Size } from '../crowd.ts'
import type { Lab } from '../lab.ts'
import { atMost, type Figure, inSeconds, type Row } from '../row.ts'

const where = 'on a second engine, in a container, with 1, 100 and 500 apps deployed; each app is a busybox with one page'

/** What grows with the number of apps. */
export const list500: Row = {
  name: 'list-500',
  what: '500 apps: `apps:list` over ssh / ssh with `/bin/true`',
  bar: atMost(1.5),
  gated: false,
  how: `${where}; in turn with ssh alone`,
  measure: (lab) =>
    grown(
      lab,
      ({ list, ssh }) => list / ssh,
      ({ list, ssh }) => `${list.toFixed(0)} / ${ssh.toFixed(0)} ms`,
    ),
}

/** Whatever prints something of each app. */
export const report500: Row = {
  name: 'report-500',
  what: '500 apps: the slowest `:list` or `:report` of all apps over ssh / ssh with `/bin/true`',
  bar: atMost(1.5),
  gated: false,
  how: 'as above; each command that lists or reports, in turn with ssh alone',
  measure: (lab) =>
    grown(
      lab,
      ({ report }) => report.ms / report.ssh,
      ({ report }) => `${report.name}: ${report.ms.toFixed(0)} / ${report.ssh.toFixed(0)} ms`,
    ),
}

/** What watching costs. */
export const cpu100: Row = {
  name: 'cpu-100',
  what: '100 apps: control while nobody asks it for anything, of one core',
  bar: atMost(1, '%'),
  gated: false,
  how: 'as above, of its cgroup, over half a minute',
  async measure(lab) {
    const { sizes } = await lab.crowd()
    const size = sizes.findLast(({ apps }) => apps <= 100) ?? sizes[0]
    if (size === undefined) throw new Error('no apps, no figure')
    return {
      value: size.cpu,
      said: `${size.memory.toFixed(0)} MB with ${size.apps} apps`,
      series: sizes.map(({ apps, cpu }) => ({ apps, value: cpu })),
    }
  },
}

export const deploy500: Row = {
  name: 'deploy-500',
  what: '500 apps: a deploy by `config:set` over ssh',
  bar: atMost(1.5, 's'),
  gated: false,
  how: 'as above, of one app among them',
  measure: (lab) => grown(lab, ({ deploy }) => deploy / 1000),
}

export const restart500: Row = {
  name: 'restart-500',
  what: '500 apps: control killed, until it is healthy and every app is as it should be',
  bar: atMost(5, 's'),
  gated: false,
  how: 'as above; from `docker kill` and `docker start` to what control logs when its full pass is done',
  measure: (lab) => grown(lab, ({ restart }) => restart / 1000),
}

export const memory500: Row = {
  name: 'memory-500',
  what: '500 apps: idle memory of control',
  bar: atMost(150, 'MB'),
  gated: false,
  how: 'as above',
  measure: (lab) => grown(lab, ({ memory }) => memory),
}

export const engine500: Row = {
  name: 'engine-500',
  what: '500 apps: the engine restarted, from its start until all serve',
  bar: atMost(60, 's'),
  gated: false,
  how: 'as above, until every app has answered 200 through the appliance; the engine answers once it has started the containers that it starts by itself',
  async measure(lab) {
    const { engine, apps } = await (await lab.crowd()).restartEngine()
    return { value: apps / 1000, said: `of it ${inSeconds(engine)} s until the engine answers` }
  },
}

async function grown(lab: Lab, value: (size: Size) => number, said: (size: Size) => string = () => ''): Promise<Figure> {
  const { sizes } = await lab.crowd()
  const last = sizes.at(-1)
  if (last === undefined) throw new Error('no apps, no figure')
  return { value: value(last), said: said(last), series: sizes.map((size) => ({ apps: size.apps, value: value(size) })) }
}
