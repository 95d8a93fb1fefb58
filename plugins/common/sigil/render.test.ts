import assert from 'node:assert/strict'
import { test } from 'node:test'
import { render } from './render.ts'

/** Templates that must give a text, with the variables they get. */
const golden: Record<string, readonly [template: string, text: string, variables?: Record<string, string>]> = {
  'a variable in its three forms': ['{{ .A }}{{ $.A }}{{ $A }}', 'xxx', { A: 'x' }],
  'what is not there': ['[{{ .NOBODY }}]{{ if .NOBODY }}no{{ end }}', '[<no value>]'],
  'text that looks like a template’s end': ['a }} b { c', 'a }} b { c'],
  'blanks cut where a dash asks for it': ['a  {{- " b " -}}  \n c', 'a b c'],
  'a comment': ['a{{/* {{ no }} */}}b{{- /* c */ -}} d', 'abd'],
  'if, else if and else': ['{{ range split " " "1 2 3" }}{{ if eq . "1" }}a{{ else if eq . "2" }}b{{ else }}c{{ end }}{{ end }}', 'abc'],
  'range over words, with a variable': ['{{ range $x := .IPS | split " " }}allow {{ $x }};{{ end }}', 'allow a;allow b;', { IPS: 'a b' }],
  'range with place and value': ['{{ range $i, $x := split "," "a,b" }}{{ $i }}{{ $x }}{{ end }}', '0a1b'],
  'range with the dot, and $ for the root': ['{{ range split "," "a,b" }}{{ . }}{{ $.T }}{{ end }}', 'aTbT', { T: 'T' }],
  'range over nothing': ['{{ range .NOBODY }}a{{ else }}none{{ end }}', 'none'],
  'break and continue': [
    '{{ range seq 5 }}{{ if eq . "1" }}{{ continue }}{{ end }}{{ if eq . "3" }}{{ break }}{{ end }}{{ . }}{{ end }}',
    '02',
  ],
  with: ['{{ with .A }}[{{ . }}]{{ else }}none{{ end }}{{ with .B }}b{{ else }}none{{ end }}', '[x]none', { A: 'x' }],
  'a variable of a block, and one changed from inside': [
    '{{ $x := "a" }}{{ if true }}{{ $x = "b" }}{{ $y := "c" }}{{ $y }}{{ end }}{{ $x }}',
    'cb',
  ],
  'pipes and brackets': ['{{ index (split ":" .MAP) 1 | printf "%s/%s" "port" }}', 'port/80', { MAP: 'http:80:5000' }],
  'split, join, replace, trim, upper': ['{{ " a.b " | trim | replace "." "-" | upper }} {{ split "," "a,b" | join "+" }}', 'A-B a+b'],
  'default and var': ['{{ .A | default "d" }} {{ "" | default "e" }} {{ "f" | default "g" }} {{ var "SIGIL_TEST" }}', 'd e f env'],
  'splitkv and fields': [
    '{{ $t := split " " "a=1 b=2" | splitkv "=" }}{{ $t.a }}{{ range $k, $v := $t }},{{ $k }}:{{ $v }}{{ end }}',
    '1,a:1,b:2',
  ],
  'and, or, not': ['{{ if and .A (not .B) }}y{{ end }}{{ or .B "z" }}{{ and "" "x" }}{{ or false 0 }}', 'yz0', { A: '1' }],
  comparisons: ['{{ eq "a" "b" "a" }}{{ ne 1 2 }}{{ lt 1 2 }}{{ ge "b" "a" }}{{ eq .NOBODY "true" }}', 'truetruetruetruefalse'],
  'quotes and escapes': ['{{ "a\\"}}\\n" }}{{ `}}\\n` }}', 'a"}}\n}}\\n'],
  'lists and lengths printed': ['{{ split "," "a,b" }}{{ len "é" }}{{ len (split "," "a,b") }}', '[a b]22'],
  print: ['{{ print "a" "b" 1 2 }}', 'ab1 2'],
  'match, substr, seq, uniq, drop': [
    '{{ match "*.com" "a.com" }} {{ substr "1:3" "abcd" }} {{ seq 3 | join "" }} {{ split "" "aab" | uniq | drop "b" }}',
    'true bc 012 [a]',
  ],
}

for (const [name, [template, text, variables = {}]] of Object.entries(golden))
  test(`render fills in ${name}`, () => {
    process.env.SIGIL_TEST = 'env'
    assert.equal(render(template, variables), text)
  })

test('render makes a server of each port map, as plugins write it', () => {
  const template = `{{ range $port_map := .PROXY_PORT_MAP | split " " }}
{{ $list := $port_map | split ":" }}
{{ if eq (index $list 0) "http" }}
listen {{ index $list 1 }};
{{ else if eq (index $list 0) "https" }}
listen {{ index $list 1 }} ssl{{ if eq $.HTTP2 "true" }} http2{{ end }};
{{ end }}{{ end }}`
  const text = render(template, { PROXY_PORT_MAP: 'http:80:5000 https:443:5000', HTTP2: 'true' })
  assert.equal(text.replace(/\n+/g, '\n'), '\nlisten 80;\nlisten 443 ssl http2;\n')
})

test('render names the line of what is wrong', () => {
  const wrong: Record<string, RegExp> = {
    'a\n{{ .A': /^t:2: an action does not end$/,
    '\n\n{{ if .A }}': /^t:3: a block does not end$/,
    '{{ end }}': /^t:1: end without if, range or with$/,
    '\n{{ nope 1 }}': /^t:2: there is no function nope$/,
    '{{ constructor 1 }}': /^t:1: there is no function constructor$/,
    '\n{{ $nobody }}': /^t:2: there is no variable \$nobody$/,
    '{{ template "x" }}': /^t:1: template is not supported$/,
    '{{ index (split "," "a") 3 }}': /^t:1: index 3 is out of range$/,
    '{{ ( 1 }}': /^t:1: a bracket does not close$/,
    '{{ # }}': /^t:1: "# " is not understood$/,
    '{{ range "text" }}{{ end }}': /^t:1: range cannot go over text$/,
    '{{ if 1 }}{{ else }}{{ else }}{{ end }}': /^t:1: else after else$/,
  }
  for (const [template, message] of Object.entries(wrong))
    assert.throws(() => render(template, {}, 't'), { name: 'TemplateError', message }, template)
})
