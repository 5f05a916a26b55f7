// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz drives with commands, by io_uring and ioctl, from several threads, while the drives are
 * powered
 * on and off and configured differently. Prints TAP.
 *
 *   fuzz_cmd [-t seconds] [-s seed] [-j threads] [-c file]
 *
 * -c: write the places of the code of the module that were reached, if the kernel has KCOV.
 * The seed decides the commands of a thread, but not the state that they meet: threads are not in
 * step.
 */
#include "kselftest.h"
#include "nvm.h"
#include "run.h"
#include "fuzz/fuzz.h"
#include "fuzz/kcov.h"

#include <pthread.h>
#include <stdlib.h>

#define MAX_THREADS	16
#define SHOTS		16		/* commands in flight of one thread */
#define PATIENCE_NS	(time_slow() * 60000000000ULL)	/* no command takes longer uncancelled */
#define NODE_OPEN_TRIES	64

static const struct drive_attr common[] = {
	{ "size", "8388608" }, { "slm_size", "1048576" }, { "arena_size", "1048576" },
	{ "max_programs", "10" }, { "max_active", "6" }, { "max_range_sets", "5" },
	{ "timeout_ms", "100" }, { "queue_limit", "64" },
	{ "kv_size", "4M" }, { "kv_max_value", "256K" }, { "kv_max_keys", "50" }, {},
};

/* Attributes of a drive beside the basic ones. An attribute that this module lacks is left out. */
static const struct fuzz_setup {
	const char *name;
	bool file;
	struct drive_attr attr[6];
} setups[FUZZ_DRIVES] = {
	{ "memory", false, { {} } },
	{ "file", true, { { "cus", "1" }, {} } },
	{ "small", false, { { "block_size", "512" }, { "engine", "interp" },
			    { "load_granularity", "64" }, { "queue_limit", "1" }, {} } },
	{ "zoned", false, { { "zone_size", "1048576" }, { "max_open_zones", "2" },
			    { "max_active_zones", "3" }, {} } },
};

struct worker {
	pthread_t thread;
	int nr;
	struct fuzz_random random;
	struct fuzz_shot shot[SHOTS];
	int fd[FUZZ_DRIVES][FUZZ_NODES];	/* -1: not open */
	struct fuzz_ring ring;
	struct kcov kcov;
	__u64 sent;
	__u64 done;
	__u64 *ended_well;			/* successful commands, by kind */
	__u64 dropped;				/* in flight when their ring was closed */
	char bad[200];				/* an error of the drive; empty: none */
};

static struct {
	__u64 seed;
	int seconds;
	int threads;
	const char *coverage;
	struct drive drives[FUZZ_DRIVES];
	char file[64];
	char kv_file[64];
	__u64 end_ns;
	_Atomic bool stop;
} fuzz = { .seed = 1, .seconds = 60, .threads = 4 };

static bool over(void)
{
	return fuzz.stop || time_ns() > fuzz.end_ns;
}

/* ---- the drives ---- */

static int set_all(const char *drive, const struct drive_attr *attr)
{
	int ret = 0;

	for (; !ret && attr->name; attr++) {
		ret = drive_set(drive, attr->name, attr->value);
		if (ret == -ENOENT)
			ret = 0;
	}
	return ret;
}

static int make_drive(struct drive *d, const struct fuzz_setup *setup)
{
	int ret;

	*d = (struct drive)DRIVE_INIT;
	snprintf(d->name, sizeof(d->name), KST_PREFIX "fuzz-%s", setup->name);
	ret = drive_mkdir(d->name);
	if (!ret)
		ret = set_all(d->name, common);
	if (!ret)
		ret = set_all(d->name, setup->attr);
	if (!ret && setup->file)
		ret = drive_set(d->name, "backing_file", fuzz.file);
	if (!ret && setup->file)
		ret = drive_set(d->name, "kv_file", fuzz.kv_file);
	if (!ret)
		ret = drive_power(d, true);
	if (!ret)
		d->index = drive_get_number(d->name, "index");
	return ret;
}

static bool make_drives(void)
{
	int fd;

	snprintf(fuzz.file, sizeof(fuzz.file), "/tmp/kst-fuzz-XXXXXX");
	fd = mkstemp(fuzz.file);
	if (fd < 0 || ftruncate(fd, FUZZ_SIZE))
		return false;
	close(fd);
	snprintf(fuzz.kv_file, sizeof(fuzz.kv_file), "/tmp/kst-fuzz-XXXXXX");
	fd = mkstemp(fuzz.kv_file);
	if (fd < 0)
		return false;
	close(fd);
	for (int i = 0; i < FUZZ_DRIVES; i++) {
		int ret = make_drive(&fuzz.drives[i], &setups[i]);

		if (ret) {
			ksft_print_msg("drive %s: %d\n", setups[i].name, ret);
			return false;
		}
	}
	return true;
}

/* Set another engine and other numbers of units, while the drive is off. */
static void set_up_differently(struct fuzz_random *r, struct drive *d)
{
	static const char * const engines[] = { "jit", "interp" };
	static const char * const cus[] = { "1", "2", "3" };

	drive_set(d->name, "engine", engines[fuzz_below(r, 2)]);
	drive_set(d->name, "cus", cus[fuzz_below(r, 3)]);
}

static void *power_thread(void *arg)
{
	struct fuzz_random r = { .state = fuzz.seed ^ 0xdeadULL << 32 };
	__u64 *cycles = arg;

	while (!over()) {
		struct drive *d = &fuzz.drives[fuzz_below(&r, FUZZ_DRIVES)];

		sleep_ms(20 + fuzz_below(&r, 400));
		if (drive_power(d, false))
			continue;
		if (fuzz_one_in(&r, 3))
			sleep_ms(fuzz_below(&r, 30));
		set_up_differently(&r, d);
		if (drive_power(d, true)) {
			ksft_print_msg("%s: expected to power on again, got an error\n", d->name);
			break;
		}
		(*cycles)++;
	}
	return NULL;
}

/* ---- a worker ---- */

static void node_path(char *path, size_t len, int index, enum fuzz_node node)
{
	static const int nsid[FUZZ_NODES] = {
		[FUZZ_NVM] = KCSD_NSID_NVM, [FUZZ_SLM_NODE] = KCSD_NSID_SLM,
		[FUZZ_COMPUTE] = KCSD_NSID_COMPUTE, [FUZZ_KV] = KCSD_NSID_KV,
	};

	if (node == FUZZ_CTRL)
		drive_node(path, len, index, "");
	else
		drive_generic_node(path, len, index, nsid[node]);
}

/* Returns the file of a node, opened now or before. A drive without power has no nodes. */
static int node_fd(struct worker *w, enum fuzz_node node)
{
	for (int i = 0; i < NODE_OPEN_TRIES && !over(); i++) {
		int nr = fuzz_below(&w->random, FUZZ_DRIVES);
		int *fd = &w->fd[nr][node];
		char path[64];

		if (*fd < 0) {
			node_path(path, sizeof(path), fuzz.drives[nr].index, node);
			*fd = open(path, (fuzz_one_in(&w->random, 8) ? O_RDONLY : O_RDWR) |
					 O_CLOEXEC);
		}
		if (*fd >= 0)
			return *fd;
		sleep_ms(1);
	}
	return -1;
}

/* Close files of drives that were powered off since then, and some others. */
static void close_some(struct worker *w, bool all)
{
	for (int i = 0; i < FUZZ_DRIVES; i++)
		for (int n = 0; n < FUZZ_NODES; n++)
			if (all || fuzz_one_in(&w->random, 4))
				fd_close(&w->fd[i][n]);
}

static bool ended(struct worker *w, struct fuzz_shot *s, int res)
{
	w->done++;
	if (!res)
		w->ended_well[fuzz_kind_of(s)]++;
	if (!fuzz_result_known(res))
		snprintf(w->bad, sizeof(w->bad), "%s (opcode %#x) ended with %d", s->what,
			 s->cmd.opcode, res);
	else if (!fuzz_shot_intact(s))
		snprintf(w->bad, sizeof(w->bad),
			 "%s (opcode %#x): memory beside its buffers changed", s->what,
			 s->cmd.opcode);
	return !w->bad[0];
}

/* Limit an endless run: with a way of sending that nothing cancels, it must stop by itself. */
static void end_soon(struct fuzz_shot *s)
{
	if (s->endless)
		s->cmd.timeout_ms = FUZZ_MAX_MS;
	s->endless = false;
}

static bool by_ioctl(struct worker *w)
{
	struct fuzz_shot *s = &w->shot[0];
	int fd;

	fuzz_make(&w->random, s);
	end_soon(s);
	fd = node_fd(w, s->node);
	if (fd < 0)
		return true;
	w->sent++;
	return ended(w, s, fuzz_ioctl(&w->random, s, fd));
}

/* Wait for nr commands. Returns false if some have not completed. */
static bool reap(struct worker *w, int nr)
{
	__u64 start = time_ns(), tag;
	int res;

	while (nr) {
		int ret = ring_get(&w->ring.ring, 1000, &tag, &res, NULL);

		if (ret && time_ns() - start > PATIENCE_NS) {
			snprintf(w->bad, sizeof(w->bad), "%d commands have not ended (%d)", nr,
				 ret);
			return false;
		}
		if (ret)
			continue;
		if (tag >= SHOTS || !ended(w, &w->shot[tag], res))
			return false;
		nr--;
	}
	return true;
}

static bool new_shots(struct worker *w)
{
	for (int i = 0; i < SHOTS; i++) {
		fuzz_shot_free(&w->shot[i]);
		if (!fuzz_shot_init(&w->shot[i]))
			return false;
	}
	return true;
}

/* Open a new ring. The commands of a closed ring are soon cancelled, but not at once. */
static bool new_ring(struct worker *w)
{
	fuzz_ring_close(&w->ring);
	if (!new_shots(w)) {
		snprintf(w->bad, sizeof(w->bad), "no memory");
		return false;
	}
	if (fuzz_ring_open(&w->random, &w->ring, w->shot, SHOTS))
		return true;
	snprintf(w->bad, sizeof(w->bad), "no ring");
	return false;
}

/* Send some commands at once. Close the ring, which cancels commands that did not complete. */
static bool by_ring(struct worker *w)
{
	int nr = 1 + fuzz_below(&w->random, SHOTS), put = 0, ret;
	bool endless = false;

	for (int i = 0; i < nr; i++) {
		struct fuzz_shot *s = &w->shot[put];
		int fd;

		fuzz_make(&w->random, s);
		fd = node_fd(w, s->node);
		if (fd < 0)
			continue;
		if (!fuzz_ring_put(&w->random, &w->ring, s, fd, put))
			break;
		endless = endless || s->endless;
		put++;
	}
	ret = fuzz_ring_send(&w->ring, put);
	if (ret) {
		snprintf(w->bad, sizeof(w->bad), "%d commands, flags %#x: not sent: %d", put,
			 w->ring.flags, ret);
		return false;
	}
	w->sent += put;
	if (!endless)
		return reap(w, put) && (!fuzz_one_in(&w->random, 100) || new_ring(w));
	sleep_ms(fuzz_below(&w->random, 30));
	w->dropped += put;
	return new_ring(w);
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;

	kcov_start(&w->kcov);
	if (!fuzz_ring_open(&w->random, &w->ring, w->shot, SHOTS)) {
		snprintf(w->bad, sizeof(w->bad), "no ring");
		return NULL;
	}
	while (!over()) {
		bool well = fuzz_one_in(&w->random, 3) ? by_ring(w) : by_ioctl(w);

		kcov_take(&w->kcov);
		if (!well) {
			fuzz.stop = true;
			break;
		}
		if (fuzz_one_in(&w->random, 32))
			close_some(w, false);
	}
	fuzz_ring_close(&w->ring);
	close_some(w, true);
	kcov_take(&w->kcov);
	kcov_stop(&w->kcov);
	return NULL;
}

static bool worker_init(struct worker *w, int nr)
{
	w->nr = nr;
	w->random.state = fuzz.seed * 1000003 + nr;
	memset(w->fd, -1, sizeof(w->fd));
	w->ended_well = calloc(fuzz_kinds(), sizeof(*w->ended_well));
	return new_shots(w) && w->ended_well;
}

/* ---- main ---- */

/* True if each part of a drive still works. */
static bool drive_works(struct drive *d)
{
	static __u8 buf[4096] __attribute__((aligned(4096))), in[4096];
	struct nvme_uring_cmd c;

	if (drive_power(d, false) || drive_power(d, true) || drive_open(d, O_RDWR))
		return false;
	memset(buf, 0xc3, sizeof(buf));
	c = cmd_rw(NVM_WRITE, 0, drive_get_number(d->name, "block_size") == 512 ? 8 : 1, buf, 4096);
	if (cmd_io(d->nvm, &c))
		return false;
	c.opcode = NVM_READ;
	c.addr = (uintptr_t)in;
	if (cmd_io(d->nvm, &c) || memcmp(in, buf, 4096))
		return false;
	return !drive_set(d->name, "power", "1") && !prog_install(d->ctrl, 0, prog_seven) &&
	       run_works(d->compute, 0);
}

static void report(struct worker *w, __u64 cycles)
{
	__u64 sent = 0, done = 0, dropped = 0;

	for (int i = 0; i < fuzz.threads; i++) {
		sent += w[i].sent;
		done += w[i].done;
		dropped += w[i].dropped;
	}
	ksft_print_msg("%llu commands sent, %llu of them cancelled with their ring, %llu power cycles\n",
		       (unsigned long long)sent, (unsigned long long)dropped,
		       (unsigned long long)cycles);
	for (int kind = 0; kind < fuzz_kinds(); kind++) {
		__u64 nr = 0;

		for (int i = 0; i < fuzz.threads; i++)
			nr += w[i].ended_well[kind];
		ksft_print_msg("%s: %llu succeeded\n", fuzz_kind_name(kind),
			       (unsigned long long)nr);
	}
	for (int i = 0; i < fuzz.threads; i++)
		if (w[i].bad[0])
			ksft_print_msg("thread %d, seed %llu: %s\n", i,
				       (unsigned long long)fuzz.seed, w[i].bad);
	ksft_test_result(done + dropped == sent, "every command completed\n");
}

static void run_all(struct worker *w)
{
	__u64 cycles = 0;
	pthread_t power;
	const char *bad = "";

	fuzz.end_ns = time_ns() + fuzz.seconds * 1000000000ULL;
	for (int i = 0; i < fuzz.threads; i++)
		if (!worker_init(&w[i], i) ||
		    pthread_create(&w[i].thread, NULL, worker_thread, &w[i]))
			ksft_exit_fail_msg("cannot create a thread\n");
	if (pthread_create(&power, NULL, power_thread, &cycles))
		ksft_exit_fail_msg("cannot create a thread\n");
	for (int i = 0; i < fuzz.threads; i++) {
		pthread_join(w[i].thread, NULL);
		bad = w[i].bad[0] ? w[i].bad : bad;
	}
	pthread_join(power, NULL);
	report(w, cycles);
	ksft_test_result(!bad[0], "results are known, nothing is written outside of buffers%s%s\n",
			 bad[0] ? ": " : "", bad);
	ksft_test_result(cycles > 0, "power was cycled meanwhile\n");
}

static void parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "t:s:j:c:")) != -1) {
		switch (c) {
		case 't': fuzz.seconds = atoi(optarg); break;
		case 's': fuzz.seed = strtoull(optarg, NULL, 0); break;
		case 'j': fuzz.threads = atoi(optarg); break;
		case 'c': fuzz.coverage = optarg; break;
		default: ksft_exit_fail_msg("usage: fuzz_cmd [-t seconds] [-s seed] [-j threads] [-c file]\n");
		}
	}
	if (fuzz.seconds < 1 || fuzz.threads < 1 || fuzz.threads > MAX_THREADS)
		ksft_exit_fail_msg("-t wants seconds, -j 1 to %d\n", MAX_THREADS);
}

int main(int argc, char **argv)
{
	static struct worker w[MAX_THREADS];

	ksft_print_header();
	parse_options(argc, argv);
	if (access(KST_CONFIGFS, F_OK))
		ksft_exit_skip(KST_CONFIGFS " is missing: insmod kcsd.ko\n");
	ksft_set_plan(3 + FUZZ_DRIVES);
	ksft_print_msg("seed %llu, %d threads, %d seconds\n", (unsigned long long)fuzz.seed,
		       fuzz.threads, fuzz.seconds);
	drive_sweep();
	atexit(drive_sweep);
	if (!make_drives())
		ksft_exit_fail_msg("cannot create the drives\n");
	if (!kcov_init())
		ksft_print_msg("no coverage: the kernel has no KCOV\n");
	run_all(w);
	if (fuzz.coverage)
		kcov_write(fuzz.coverage);
	for (int i = 0; i < FUZZ_DRIVES; i++) {
		ksft_test_result(drive_works(&fuzz.drives[i]), "drive %s works\n", setups[i].name);
		drive_remove(&fuzz.drives[i]);
	}
	unlink(fuzz.file);
	unlink(fuzz.kv_file);
	ksft_finished();
}
