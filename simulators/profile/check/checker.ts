import type { Complaint, Path, ProblemCode } from '../problem.ts'

/** Takes what a check has to say. */
export type Report = (path: Path, message: string, hint: string) => void

/** Collects complaints of one code. */
export function collector(code: ProblemCode): { complaints: Complaint[]; report: Report } {
  const complaints: Complaint[] = []
  return {
    complaints,
    report: (path, message, hint) => complaints.push({ code, path, message, hint }),
  }
}
