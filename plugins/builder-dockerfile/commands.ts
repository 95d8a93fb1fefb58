import { checkTreePath, command, group, propertyFields, reportCommand, setGlobalCommand, UserError } from 'dokku'

const set = command(
  setGlobalCommand(
    'builder-dockerfile',
    {
      'dockerfile-path': { summary: 'where the Dockerfile is in the tree; Dockerfile unless set', check: checkTreePath },
      target: { summary: 'the stage that becomes the image; the last one unless set', check: checkStage },
    },
    ['builder-dockerfile:set node-js-app dockerfile-path docker/Dockerfile', 'builder-dockerfile:set node-js-app target production'],
  ),
)

const report = command(
  reportCommand('builder-dockerfile', {
    ...propertyFields('builder-dockerfile', 'dockerfile-path', 'Dockerfile'),
    ...propertyFields('builder-dockerfile', 'target'),
  }),
)

function checkStage(name: string): void {
  if (!/^[\w.-]{1,100}$/.test(name)) throw new UserError('bad-choice', `${JSON.stringify(name.slice(0, 40))} is not the name of a stage`)
}

export default group('builder-dockerfile', 'Settings of builds from a Dockerfile', [set, report])
