import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime('ruby', [
  {
    app: 'ruby-web',
    says: /Ruby \S+, Bundler\n/,
    text: 'Hello from Ruby\n',
    change: { file: 'gems/greeting/lib/greeting.rb', from: 'Hello', to: 'Hi' },
    again: /Fetching/,
  },
  {
    app: 'ruby-gems',
    says: /Ruby \S+, Bundler\n/,
    text: 'Hello from Ruby and a gem\n',
    change: { file: 'app.rb', from: 'and a gem', to: 'and its gem' },
    again: /Installing/,
  },
])
