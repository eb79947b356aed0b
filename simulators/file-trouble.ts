const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EMFILE: 'too many open files',
}

/** Why a file cannot be read, in words that do not repeat its path. */
export function fileTrouble(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const words = 'code' in thrown ? WORDS[String(thrown.code)] : undefined
  return words ?? thrown.message
}
