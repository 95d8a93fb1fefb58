/** Where a command's lines go: data to stdout, errors and warnings to stderr. */
export interface Output {
  /** `-----> text`: a step begins. */
  step(text: string): void
  /** Seven spaces and the text: a detail of the step; a text of several lines is indented line by line. */
  detail(text: string): void
  /** `=====> text`: a result or a header. */
  result(text: string): void
  /** ` !     text` on stderr: a warning or an error. */
  warn(text: string): void
  /** `       text` on stderr: what could be done next, for people and not for pipes. */
  hint(text: string): void
  /** The text as it is and a line end, on stdout: data for people and pipes. */
  line(text?: string): void
}

/** Dokku's line prefixes over any pair of writers. */
export function output(stdout: (text: string) => void, stderr: (text: string) => void): Output {
  const lines = (prefix: string, text: string) => `${prefix}${text.replaceAll('\n', `\n${' '.repeat(7)}`)}\n`
  return {
    step: (text) => stdout(lines('-----> ', text)),
    detail: (text) => stdout(lines('       ', text)),
    result: (text) => stdout(lines('=====> ', text)),
    hint: (text) => stderr(lines('       ', text)),
    warn: (text) =>
      stderr(
        text
          .split('\n')
          .map((line) => ` !     ${line}\n`)
          .join(''),
      ),
    line: (text = '') => stdout(`${text}\n`),
  }
}

/** An output that several others follow, such as a build watched by two people. */
export function tee(...outputs: Output[]): Output {
  const each = (name: keyof Output) => (text: string) => {
    for (const one of outputs) one[name](text)
  }
  return {
    step: each('step'),
    detail: each('detail'),
    result: each('result'),
    warn: each('warn'),
    hint: each('hint'),
    line: (text = '') => each('line')(text),
  }
}

/** Removes what could move a cursor or colour a terminal, so that output of builds and apps stays plain lines. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?|\x1b.|[\x00-\x08\x0b-\x1f\x7f]/g, '')
}
