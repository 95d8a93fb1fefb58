import { checkTreePath, command, group, propertyFields, reportCommand, setGlobalCommand } from 'dokku'

const set = command(
  setGlobalCommand('app-json', { 'appjson-path': { summary: 'where app.json is in the tree; empty is app.json', check: checkTreePath } }, [
    'app-json:set node-js-app appjson-path config/app.json',
    'app-json:set --global appjson-path',
  ]),
)

const report = command(reportCommand('app-json', propertyFields('app-json', 'appjson-path', 'app.json')))

export default group('app-json', 'Choose where the app.json of an app is', [set, report])
