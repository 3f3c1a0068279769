/** How long a client waits for a reply before its leaving says something of who should answer. */

/**
 * A request that its client gives up after so many milliseconds without a reply's head counts as an
 * error of its color: each router counts so. It is shorter than `probe.timeout` (2 s), so that own
 * requests count as well, and longer than what a good page takes: who leaves earlier has changed
 * their mind. Long polls are left late and unanswered by design, but on the former color, too.
 */
export const patienceMs = 500;
