/** Waits until `holds`, for as long as the test may take: for what real sockets do in their own time. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 3))
}
