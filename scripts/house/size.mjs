const LISTED_OVER = 250
const FORBIDDEN_OVER = 400

function linesOf(text) {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

/** Files too long to be about one thing; `warnings` are allowed but should say why in their first lines. */
export function longFiles(files) {
  const problems = []
  const warnings = []
  for (const { path, text } of files.values()) {
    const lines = linesOf(text)
    if (lines > FORBIDDEN_OVER)
      problems.push({
        path,
        line: FORBIDDEN_OVER + 1,
        message: `${lines} lines; ${FORBIDDEN_OVER} is the limit`,
      })
    else if (lines > LISTED_OVER && !/\/\/ Long because \S/.test(text.split('\n', 5).join('\n')))
      warnings.push({
        path,
        line: 1,
        message: `${lines} lines; split it, or say in its first lines: // Long because ...`,
      })
  }
  return { problems, warnings }
}

/** Files that only pass on what others export hide where things live; the engine's public one is the exception. */
export function barrels(files) {
  return [...files.values()]
    .filter(({ path, text }) => {
      if (!/(?:^|\/)index\.tsx?$/.test(path) || path === 'simulators/index.ts') return false
      const statements = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').trim()
      return /^(?:export\b[^;=]*?\bfrom\s*['"][^'"]+['"];?\s*)+$/.test(statements)
    })
    .map(({ path }) => ({ path, line: 1, message: 'a barrel: import from the file that has it' }))
}
