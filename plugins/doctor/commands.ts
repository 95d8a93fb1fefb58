import { checks, command, diagnose, type Finding, format, group, optional, param, UserError } from 'dokku'

const names = checks.map(({ name }) => name)

const doctor = command({
  name: 'doctor',
  summary: 'find what is wrong with the instance and the machine, and say what to do',
  description: `Looks at: ${names.join(', ')}. Nothing is changed. Exits with status 1 when something is wrong; a warning alone is 0.`,
  args: { check: optional(param({ summary: 'only this one', label: 'check', parse: parseCheck, complete: () => names })) },
  flags: { format },
  examples: ['doctor', 'doctor disk', 'doctor --format json'],
  right: 'admin',
  reads: () => true,

  async run({ args, flags, context }) {
    const found = await diagnose(context.instance, args.check === undefined ? checks : [args.check])
    const levels = found.flatMap(({ findings }) => findings.map(({ level }) => level))
    const status = levels.includes('wrong') ? 1 : 0
    if (flags.format === 'json') {
      context.output.line(JSON.stringify(found))
      return status
    }
    for (const { check, findings } of found) for (const finding of findings) context.output.line(lines(check, finding))
    const count = (level: string) => levels.filter((one) => one === level).length
    if (!context.quiet) context.output.result(`${count('wrong')} wrong, ${count('warning')} to know of, ${count('ok')} as they should be`)
    return status
  },
})

const marks = { ok: 'ok     ', warning: 'warning', wrong: 'WRONG  ', unknown: 'unknown' } as const

function lines(check: string, { level, text, hint }: Finding): string {
  return [`${check.padEnd(13)}${marks[level]}  ${text}`, ...(hint === undefined ? [] : [`${' '.repeat(22)}${hint}`])].join('\n')
}

function parseCheck(name: string) {
  const found = checks.find((one) => one.name === name)
  if (found !== undefined) return found
  throw new UserError('bad-choice', `${JSON.stringify(name.slice(0, 40))} is nothing that doctor looks at`, { hint: names.join(', ') })
}

export default group('doctor', 'Find what is wrong with the instance and the machine', [doctor])
