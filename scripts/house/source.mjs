/** What the house rules need to know of one source file, read without a compiler so that lint stays fast. */

const REGEX_MAY_FOLLOW = /(?:[(,=:[!&|?{};<>+\-*%~^]|\b(?:return|typeof|case|in|of|do|else))\s*$/

/** Index behind the literal that starts at `at`; a template's expressions count as part of it. */
function endOfQuoted(text, at) {
  const quote = text[at]
  for (let index = at + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (quote === '`' && text[index] === '$' && text[index + 1] === '{') {
      index = endOfExpression(text, index + 2) - 1
    } else if (text[index] === quote) return index + 1
    else if (quote !== '`' && text[index] === '\n') return index
  }
  return text.length
}

/** Index behind the brace that closes a template's expression. */
function endOfExpression(text, at) {
  let depth = 1
  for (let index = at; index < text.length; index += 1) {
    const sign = text[index]
    if (sign === '{') depth += 1
    else if (sign === '}') {
      depth -= 1
      if (depth === 0) return index + 1
    } else if (sign === "'" || sign === '"' || sign === '`') index = endOfQuoted(text, index) - 1
  }
  return text.length
}

/** Index behind the regular expression that starts at `at`, or -1 when it is a division. */
function endOfRegex(text, at) {
  let inClass = false
  for (let index = at + 1; index < text.length && text[index] !== '\n'; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === '[') inClass = true
    else if (text[index] === ']') inClass = false
    else if (text[index] === '/' && !inClass) return index + 1
  }
  return -1
}

const blank = (text) => text.replace(/[^\n]/g, ' ')

/**
 * The same text, every character at its place, with comments blanked; with `strings` also what quotes and
 * regular expressions hold. A template's expressions go with it: nobody hides a wall there.
 */
export function blankOut(text, { strings }) {
  let result = ''
  let index = 0
  while (index < text.length) {
    const sign = text[index]
    const next = text[index + 1]
    let end = -1
    let keep = false
    if (sign === '/' && next === '/') {
      end = text.indexOf('\n', index)
      if (end < 0) end = text.length
    } else if (sign === '/' && next === '*') {
      end = text.indexOf('*/', index + 2)
      end = end < 0 ? text.length : end + 2
    } else if (sign === "'" || sign === '"' || sign === '`') {
      end = endOfQuoted(text, index)
      keep = !strings
    } else if (sign === '/' && REGEX_MAY_FOLLOW.test(text.slice(Math.max(0, index - 40), index))) {
      end = endOfRegex(text, index)
      keep = !strings
    }
    if (end < 0) {
      result += sign
      index += 1
    } else {
      const piece = text.slice(index, end)
      result += keep ? piece : blank(piece)
      index = end
    }
  }
  return result
}

const IMPORTS = [
  /(?:^|[;}\n])\s*(?:import|export)\b(?<clause>[^'"`;=()]*?)\bfrom\s*(?<quote>['"])(?<name>[^'"]+)\k<quote>/g,
  /(?:^|[;}\n])\s*import\s*(?<quote>['"])(?<name>[^'"]+)\k<quote>/g,
  /(?<![.\w$])(?:import|require)\s*\(\s*(?<quote>['"])(?<name>[^'"]+)\k<quote>/g,
]

/** Line number, from 1, of a character. */
export function lineAt(text, index) {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** Everything a file imports: static, re-exported and dynamic, types included. */
export function importsOf(text) {
  const code = blankOut(text, { strings: false })
  const found = []
  for (const pattern of IMPORTS) {
    for (const match of code.matchAll(pattern)) {
      const { name } = match.groups
      found.push({ name, line: lineAt(code, match.index + match[0].lastIndexOf(name)) })
    }
  }
  return found.sort((a, b) => a.line - b.line)
}
