import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime('java', [
  {
    app: 'java-maven',
    says: /Java 21: pom\.xml asks for Java 17\n/,
    text: 'Hello From Java\n',
    change: { file: 'src/main/java/app/Server.java', from: 'Hello', to: 'Hi' },
    again: /Download/,
  },
])
