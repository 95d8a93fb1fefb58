import { command, group, propertyFields, reportCommand, setGlobalCommand, UserError } from 'dokku'

const set = command(
  setGlobalCommand(
    'scheduler',
    { selected: { summary: 'docker-local, the only one there is', values: ['docker-local'], check: checkScheduler } },
    ['scheduler:set node-js-app selected docker-local', 'scheduler:set --global selected'],
  ),
)

const report = command(reportCommand('scheduler', { ...propertyFields('scheduler', 'selected', 'docker-local') }))

function checkScheduler(name: string): void {
  if (name === 'docker-local') return
  throw new UserError('bad-choice', `${JSON.stringify(name.slice(0, 40))} is no scheduler that is here`, {
    hint: name === 'null' ? 'ps:stop APP lets an app run nothing' : 'docker-local',
  })
}

export default group('scheduler', 'Say what runs the containers of an app', [set, report])
