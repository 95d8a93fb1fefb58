import {
  beginUpgrade,
  boolean,
  type Candidate,
  command,
  format,
  group,
  lookAtUpgrade,
  option,
  optional,
  readUpgrade,
  UserError,
  upgradeText,
  version,
  word,
} from 'dokku'

const upgrade = command({
  name: 'upgrade',
  summary: 'put another version of dokku in place of the one that runs',
  description:
    'Without VERSION, what the tag that runs now names today. The newer image first migrates a copy of the database and looks at plugins, disk and engine. Then it takes over: what was begun is finished, apps serve, commands wait. If it does not become healthy, the version from before runs again.',
  args: { version: optional(word('VERSION')) },
  flags: {
    check: boolean('only say what would become of it'),
    image: option('another image than the one that runs', 'NAME:TAG'),
    local: boolean('take what the engine has under that name, and pull nothing'),
    'with-misfits': boolean('upgrade although plugins do not fit to the version'),
  },
  examples: ['upgrade --check', 'upgrade', 'upgrade 1.2.0', 'upgrade --image dokku/dokku:1.2.0'],
  right: 'admin',

  async run({ args, flags, context: { instance, identity, output } }) {
    if (args.version !== undefined && flags.image !== undefined)
      throw new UserError('too-many-arguments', 'a version and an image are two ways to say the same', {
        hint: 'upgrade VERSION, or upgrade --image NAME:TAG',
      })
    const candidate = await lookAtUpgrade(instance, { version: args.version, image: flags.image, local: flags.local }, output)
    if (candidate.same) return output.step(`dokku ${version} runs already`)
    say(candidate)
    refuse(candidate, flags['with-misfits'])
    if (flags.check) return output.result(`dokku ${candidate.version} can take over from ${version}: upgrade`)
    await beginUpgrade(instance, candidate, { user: identity.name, output })
    output.result(`dokku ${candidate.version} takes over from ${version}; commands wait for it meanwhile`)
    output.hint('upgrade:report says what came of it')

    function say({ migrations, misfits }: Candidate): void {
      if (migrations.length > 0) output.detail(`Migrations, which went well on a copy: ${migrations.join(', ')}`)
      for (const misfit of misfits) output.warn(misfit)
    }
  },
})

/** UserError `upgrade-refused`. */
function refuse({ version: to, problems, misfits }: Candidate, lenient: boolean): void {
  const found = [...problems, ...(lenient ? [] : misfits)]
  if (found.length === 0) return
  throw new UserError('upgrade-refused', `dokku ${to} cannot take over: ${found.join('; ')}`, {
    hint: problems.length > 0 ? 'nothing was changed' : 'upgrade the plugins after it: --with-misfits',
  })
}

const report = command({
  name: 'upgrade:report',
  summary: 'show what came of the last upgrade',
  flags: { format },
  examples: ['upgrade:report', 'upgrade:report --format json'],
  right: 'admin',
  reads: () => true,

  async run({ flags, context: { instance, output } }) {
    const last = await readUpgrade(instance.settings.dataDir)
    if (flags.format === 'json') return output.line(JSON.stringify({ version, last: last ?? null }))
    output.result('Upgrade information')
    output.detail(`Upgrade version:     ${version}`)
    output.detail(`Upgrade last:        ${last === undefined ? 'none' : upgradeText(last)}`)
    output.detail(`Upgrade by:          ${last?.by ?? ''}`)
    output.detail(`Upgrade at:          ${last?.finishedAt ?? last?.startedAt ?? ''}`)
  },
})

export default group('upgrade', 'Another version of dokku', [upgrade, report])
