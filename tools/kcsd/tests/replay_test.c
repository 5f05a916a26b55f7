// SPDX-License-Identifier: GPL-2.0
/*
 * Test the traces of kcsd replay: what each line means, what is refused, and that changed bytes do
 * no harm. Print TAP.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay.h"
#include "tap.h"

#define SIZE		(1ull << 28)
#define ZONE_SIZE	(1u << 21)
#define MUTATIONS	3000

static char message[512];

/* In place of message.c: keep the text. */
int kcsd_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return KCSD_EXIT_FAILED;
}

/* ---- samples ---- */

static const char fio2[] =
	"fio version 2 iolog\n"
	"/dev/nvme0n1 add\n"
	"/dev/nvme0n1 open\n"
	"/dev/nvme0n1 read 0 4096\n"
	"/dev/nvme0n1 wait 250 0\n"
	"/dev/nvme0n1 write 8192 12288\n"
	"\n"
	"/dev/nvme0n1 wait 50\n"
	"/dev/nvme0n1 sync 8192 0\n"
	"/dev/nvme0n1 datasync 0 0\n"
	"/dev/nvme0n1 sync_file_range 0 4096\n"
	"/dev/nvme0n1 trim 1048576 65536\n"
	"/dev/nvme0n1 close\n";

static const char fio3[] =
	"fio version 3 iolog\n"
	"1000 /data/a add\n"
	"1001 /data/a open\n"
	"1002 /data/b add\r\n"
	"2000 /data/a read 4096 4096\n"
	"2001 /data/b write 0 8192\n"
	"2003 /data/a trim 0 4096\n"
	"1999 /data/b read 0 512\n"
	"2010 /data/b sync 0 0";

static const char blkparse[] =
	"Input file nvme0n1.blktrace.0 added\n"
	"259,0    1        1     0.000000000   789  A   R 2048 + 8 <- (259,1) 0\n"
	"259,0    1        2     0.000001200   789  Q   R 2048 + 8 [fio]\n"
	"259,0    1        3     0.000002000   789  D   R 2048 + 8 [fio]\n"
	"259,0    1        4     0.000003000   789  D  WS 4096 + 16 [fio]\n"
	"259,0    1        5     0.000004000     0  C   R 2048 + 8 [0]\n"
	"259,0    0        6     0.000005000   789  D  FN [kworker/0:1H]\n"
	"259,0    0        7     0.000006000   789  D  DS 0 + 2048 [fio]\n"
	"259,0    0        8     0.000007000   789  D   N 0 [fio]\n"
	"259,0    0        9     0.000008000   789  D   R 36 (12 00 00 00) [hdparm]\n"
	"259,0    0        0     0.000009000     0  m   N cfq789 a message\n"
	"  8,0    3       11     1.000009000   789  D RAM 16 + 8 (    1200) [fio]\n"
	"259,0    3       12     1.000009500   789  D WFS 16 + 8 [fio]\n"
	"CPU0 (nvme0n1):\n"
	" Reads Queued:           2,        8KiB\t Writes Queued:           1,        8KiB\n";

#define SUBMIT(opcode, rest) \
	"kcsd_cmd_submit: kcsd0 id=7 nsid=1 opcode=" opcode " admin=0 cdw2=0x0 cdw3=0x0 " rest \
	" cdw14=0x0 cdw15=0x0\n"

static const char kcsd[] =
	"# tracer: nop\n"
	"#\n"
	"cpus=2\n"
	"             fio-1234    [001] d..1.  100.000010: "
	SUBMIT("0x02", "cdw10=0x10 cdw11=0x0 cdw12=0x7 cdw13=0x0")
	"             fio-1234    [001] d..1.  100.000011: kcsd_cmd_start: kcsd0 id=7 nsid=1 "
	"opcode=0x02 admin=0 unit=-1 pind=-1 waited_ns=10\n"
	"a thread 12  [001]   100.000015123: kcsd:"
	SUBMIT("0x01", "cdw10=0x20 cdw11=0x0 cdw12=0x0 cdw13=0x0")
	"CPU:1 [LOST 12 EVENTS]\n"
	"     x-1  [000]   100.000020: "
	SUBMIT("0x7d", "cdw10=0x200 cdw11=0x0 cdw12=0x3 cdw13=0x0")
	"     x-1  [000]   100.000021: "
	SUBMIT("0x79", "cdw10=0x200 cdw11=0x0 cdw12=0x0 cdw13=0x4")
	"     x-1  [000]   100.000022: "
	SUBMIT("0x79", "cdw10=0x200 cdw11=0x0 cdw12=0x0 cdw13=0x102")
	"     x-1  [000]   100.000023: "
	SUBMIT("0x79", "cdw10=0x200 cdw11=0x0 cdw12=0x0 cdw13=0x3")
	"     x-1  [000]   100.000024: "
	SUBMIT("0x09", "cdw10=0x0 cdw11=0x4 cdw12=0x0 cdw13=0x0")
	"     x-1  [000]   100.000025: "
	SUBMIT("0x08", "cdw10=0x0 cdw11=0x0 cdw12=0x1 cdw13=0x0")
	"     x-1  [000]   100.000026: "
	SUBMIT("0x00", "cdw10=0x0 cdw11=0x0 cdw12=0x0 cdw13=0x0")
	"     x-1  [000]   100.000027: kcsd_cmd_submit: kcsd0 id=8 nsid=3 opcode=0x81 admin=0 "
	"cdw2=0x0 cdw3=0x1 cdw10=0x0 cdw11=0x0 cdw12=0x0 cdw13=0x0 cdw14=0x0 cdw15=0x0\n"
	"     x-1  [000]   100.000027: kcsd_cmd_submit: kcsd0 id=8 nsid=2 opcode=0x05 admin=0 "
	"cdw2=0x0 cdw3=0x0 cdw10=0x1000 cdw11=0x0 cdw12=0x64 cdw13=0x0 cdw14=0x0 cdw15=0x0\n"
	"     x-1  [000]   100.000027: kcsd_cmd_submit: kcsd0 id=8 nsid=2 opcode=0x04 admin=0 "
	"cdw2=0x0 cdw3=0x0 cdw10=0x1000 cdw11=0x0 cdw12=0x64 cdw13=0x0 cdw14=0x0 cdw15=0x0\n"
	"     x-1  [000]   100.000028: kcsd_cmd_submit: kcsd0 id=9 nsid=0 opcode=0x06 admin=1 "
	"cdw2=0x0 cdw3=0x0 cdw10=0x1 cdw11=0x0 cdw12=0x0 cdw13=0x0 cdw14=0x0 cdw15=0x0\n";

/* ---- reading ---- */

static struct replay_source source;

static void new_source(void)
{
	kcsd_replay_devices_free(&source.devices);
	source = (struct replay_source){ .action = 'D', .block_size = 512 };
}

/* Make a file of bytes. Returns its descriptor; path names it. */
static int put(const void *bytes, size_t len, char path[32])
{
	int fd = memfd_create("trace", 0);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		exit(1);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* Return the commands of a trace as text, and at the end the message of a refusal. */
static const char *commands(const char *text, size_t len)
{
	static char buf[4096];
	struct replay_trace trace;
	struct replay_cmd cmd;
	size_t used = 0;
	char path[32], *colon;
	int ret, fd = put(text, len, path);

	ret = kcsd_replay_open(&trace, path, &source, 0);
	buf[0] = '\0';
	while (!ret && used < sizeof(buf) && (ret = kcsd_replay_next(&trace, &cmd)) > 0) {
		used += snprintf(buf + used, sizeof(buf) - used, "%s %llu+%llu%s @%llu\n",
				 kcsd_replay_kind_names[cmd.kind], (unsigned long long)cmd.offset,
				 (unsigned long long)cmd.len, cmd.all ? " all" : "",
				 (unsigned long long)cmd.at_ns);
		ret = 0;
	}
	/* Leave the name of the file out. */
	colon = strchr(message, ':');
	if (ret < 0)
		snprintf(buf + used, sizeof(buf) - used, "%s\n", colon ? colon + 1 : message);
	kcsd_replay_close(&trace);
	close(fd);
	return buf;
}

static const char *commands_of(const char *text)
{
	new_source();
	return commands(text, strlen(text));
}

static void test_fio(void)
{
	IS_TEXT(commands_of(fio2),
		"read 0+4096 @0\n" "write 8192+12288 @250000\n" "flush 0+0 @300000\n"
		"flush 0+0 @300000\n" "trim 1048576+65536 @300000\n", "fio 2: its commands");
	IS(source.skipped[REPLAY_SKIP_OTHER], 1, "fio 2: sync_file_range is left out");
	IS_TEXT(commands_of(fio3),
		"read 4096+4096 @0\n" "write 0+8192 @1000\n" "trim 0+4096 @3000\n"
		"read 0+512 @0\n" "flush 0+0 @10000\n", "fio 3: its commands");
	/* Lay the files out: a has 8192 bytes. */
	kcsd_replay_devices_fix(&source.devices, 1 << 20);
	IS_TEXT(commands(fio3, strlen(fio3)),
		"read 4096+4096 @0\n" "write 1048576+8192 @1000\n" "trim 0+4096 @3000\n"
		"read 1048576+512 @0\n" "flush 1048576+0 @10000\n",
		"fio 3: two files, one behind the other");
	new_source();
	source.devices.wanted = "/data/b";
	IS_TEXT(commands(fio3, strlen(fio3)),
		"write 0+8192 @0\n" "read 0+512 @0\n" "flush 0+0 @9000\n", "fio 3: one file");
	IS(source.skipped[REPLAY_SKIP_DEVICE], 2, "fio 3: the other one is left out");
	new_source();
	source.devices.fixed = source.devices.one_pass = true;
	SAYS(commands(fio3, strlen(fio3)), "6: this is a second device");
}

static void test_blkparse(void)
{
	IS_TEXT(commands_of(blkparse),
		"read 1048576+4096 @0\n" "write 2097152+8192 @1000\n" "flush 0+0 @3000\n"
		"trim 0+1048576 @4000\n" "read 8192+4096 @1000007000\n"
		"write 8192+4096 @1000007500\n", "blkparse: its commands");
	IS(source.skipped[REPLAY_SKIP_ACTION], 4, "blkparse: other actions are left out");
	IS(source.skipped[REPLAY_SKIP_PASSTHROUGH], 2, "blkparse: so are passthrough requests");
	IS(source.devices.nr, 2, "blkparse: it has two devices");
	new_source();
	source.action = 'Q';
	IS_TEXT(commands(blkparse, strlen(blkparse)), "read 1048576+4096 @0\n",
		"blkparse: another action");
}

static void test_kcsd(void)
{
	IS_TEXT(commands_of(kcsd),
		"read 8192+4096 @0\n" "write 16384+512 @5123\n" "append 262144+2048 @10000\n"
		"reset 262144+0 @11000\n" "finish 0+0 all @12000\n" "trim 0+1024 @15000\n"
		"flush 0+0 @16000\n" "slm_write 0+100 @17000\n", "kcsd: its commands");
	IS(source.skipped[REPLAY_SKIP_EVENT], 1, "kcsd: another event is left out");
	IS(source.skipped[REPLAY_SKIP_LOST], 1, "kcsd: lost events are counted");
	IS(source.skipped[REPLAY_SKIP_OTHER], 1, "kcsd: closing a zone is left out");
	IS(source.skipped[REPLAY_SKIP_SLM], 1, "kcsd: so is filling the SLM");
	IS(source.skipped[REPLAY_SKIP_RANGES], 1, "kcsd: so are lists of ranges");
	IS(source.skipped[REPLAY_SKIP_RUN], 1, "kcsd: and runs");
	IS(source.skipped[REPLAY_SKIP_ADMIN], 1, "kcsd: and admin commands");
}

#define FIO2	"fio version 2 iolog\n"
#define FIO3	"fio version 3 iolog\n"

static void test_refused(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "hello world\n", "1: neither a log of fio, nor" },
		{ "fio version 1 iolog\n", "1: neither a log of fio, nor" },
		{ "# a comment\nx\n", "2: neither a log of fio, nor" },
		{ FIO2 "f\n", "2: it has no action: 'f'" },
		{ FIO2 "f read\n", "2: it has no offset: 'f read'" },
		{ FIO2 "f read x 4096\n", "2: the offset is not a number" },
		{ FIO2 "f read 0\n", "2: the length is not a number" },
		{ FIO2 "f read 0 -1\n", "2: the length is not a number" },
		{ FIO2 "f read 0 4096 1\n", "2: something follows the length" },
		{ FIO2 "f read 0 0\n", "2: it has no bytes" },
		{ FIO2 "f fly 0 1\n", "2: the action is not known" },
		{ FIO2 "f read 18446744073709551615 1\n",
		  "2: it ends behind the last possible byte" },
		{ FIO2 "f read 18446744073709551616 1\n", "2: the offset is not a number" },
		{ FIO2 "f wait 18446744073709551615 0\nf read 0 1\n",
		  "3: the time is too large" },
		{ FIO2 "f wait 18446744073709551615 0\nf wait 1 0\n", "3: the waits are too long" },
		{ FIO3 "f read 0 4096\n", "2: it does not begin with a time" },
		{ FIO3 "1 f wait 1 0\n", "2: version 3 has no waits" },
		{ FIO3 "1 f read 0 \x01\x7f\n",
		  "2: the length is not a number: '1 f read 0 \?\?'" },
		{ "8,0 0 1 0.1 1 D R 1 + 8 [x]\n8,0 0 1 0.1 1 D\n", "2: it is not an event" },
		{ "8,0 0 1 0.1 1 D R x + 8 [x]\n", "1: the sector is not a number" },
		{ "8,0 0 1 0.1 1 D R 1 + x [x]\n", "1: the number of sectors is not a number" },
		{ "8,0 0 1 0.1 1 D R 36028797018963968 + 1 [x]\n", "1: there are no such sectors" },
		{ "8,0 0 1 0.1 1 D R\n", "1: it has no sectors" },
		{ "x-1 [0] 1.0: kcsd_cmd_submit: kcsd0 id=1\n", "1: a field of kcsd_cmd_submit" },
		{ "x-1 [0] 1.0: kcsd_cmd_start: kcsd0 id=1\nx\n", "2: it is not an event: 'x'" },
	};
	char *text = malloc(3 << 20);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *said = commands_of(cases[i].text);

		if (!tap_point(strstr(said, cases[i].says),
			       "refused: %s", cases[i].says))
			tap_note("%s", said);
	}
	memset(text, 'x', 3 << 20);
	memcpy(text, FIO2, strlen(FIO2));
	new_source();
	SAYS(commands(text, 3 << 20), "2: a line has more than 1048576 bytes");
	free(text);
}

static void test_latency(void)
{
	struct latency l;
	uint64_t i;

	kcsd_latency_init(&l);
	IS(kcsd_latency_percentile(&l, 99000), 0, "percentiles: of nothing");
	for (i = 1; i <= 1000; i++)
		kcsd_latency_add(&l, i);
	IS(kcsd_latency_percentile(&l, 50000), 500, "percentiles: the median of 1 to 1000");
	IS(kcsd_latency_percentile(&l, 99000), 990, "percentiles: the 99th");
	IS(kcsd_latency_percentile(&l, 99900), 999, "percentiles: the 99.9th");
	IS(kcsd_latency_percentile(&l, 99990), 1000, "percentiles: the 99.99th");
	kcsd_latency_add(&l, UINT64_MAX);
	OK(kcsd_latency_percentile(&l, 100000) == UINT64_MAX, "percentiles: the largest value");
	kcsd_latency_free(&l);
	kcsd_latency_init(&l);
	kcsd_latency_add(&l, 1000000);
	kcsd_latency_add(&l, 2000000);
	OK(kcsd_latency_percentile(&l, 50000) - 1000000 < 1000, "percentiles: within 0.1 %%");
	kcsd_latency_free(&l);
}

/* ---- changed bytes ---- */

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

/* Change some bytes: any, digits of numbers, parts left out, parts twice. Returns the length. */
static size_t mutate(char *buf, size_t len, size_t room)
{
	uint32_t n = 1 + random_below(3), at, part;

	while (n--) {
		at = random_below(len);
		part = 1 + random_below(len - at < 40 ? len - at : 40);
		switch (random_below(6)) {
		case 0:
			buf[at] = random_below(256);
			break;
		default:
			while (at + 1 < len && (buf[at] < '0' || buf[at] > '9'))
				at++;
			buf[at] = '0' + random_below(10);
			break;
		case 2:
			memmove(buf + at, buf + at + part, len - at - part);
			len -= part;
			break;
		case 3:
			if (len + part > room)
				break;
			memmove(buf + at + part, buf + at, len - at);
			len += part;
			break;
		}
		if (!len)
			return 0;
	}
	return len;
}

enum { ZONED = 1, OPEN = 2, TWO_PASSES = 4 };

/* Replay a file. Returns the exit code. */
static int replay(char *path, int how)
{
	struct replay r = {
		.paths = &path,
		.nr_paths = 1,
		.open_loop = how & OPEN,
		.speed = REPLAY_SPEED_ONE,
		.depth = 4,
		.shape = { .capacity = SIZE, .zone_size = how & ZONED ? ZONE_SIZE : 0 },
		.source = { .action = 'D', .block_size = 512,
			    .devices = { .size = SIZE, .fixed = true, .one_pass = true } },
	};
	char why[KCSD_TIMING_WHY];
	uint64_t end = 0;
	int i, code = 0;

	kcsd_timing_params_init(&r.params);
	if (kcsd_timing_create(&r.params, &r.shape, &r.model, why, sizeof(why)))
		exit(1);
	for (i = 0; i < NR_REPLAY_KINDS; i++)
		kcsd_latency_init(&r.result[i].latency);
	if (how & TWO_PASSES) {
		r.source.devices.fixed = r.source.devices.one_pass = false;
		code = kcsd_replay_scan(&r, &end);
	}
	if (!code)
		code = kcsd_replay_loop(&r);
	for (i = 0; i < NR_REPLAY_KINDS; i++)
		kcsd_latency_free(&r.result[i].latency);
	kcsd_replay_devices_free(&r.source.devices);
	kcsd_timing_destroy(r.model);
	free(r.zone_wp);
	return code;
}

static void test_mutated(void)
{
	static const char *const samples[] = { fio2, fio3, blkparse, kcsd };
	uint32_t i, passed = 0, refused = 0;
	char buf[8192], path[32];
	size_t len;
	int fd;

	for (i = 0; i < MUTATIONS; i++) {
		seed = i;
		len = strlen(samples[i % 4]);
		memcpy(buf, samples[i % 4], len);
		fd = put(buf, mutate(buf, len, sizeof(buf)), path);
		if (replay(path, i / 4 & 7))
			refused++;
		else
			passed++;
		close(fd);
	}
	OK(passed && refused, "changed bytes: %u traces, seeds from 0", MUTATIONS);
	tap_note("%u replayed, %u refused", passed, refused);
}

int main(void)
{
	test_fio();
	test_blkparse();
	test_kcsd();
	test_refused();
	test_latency();
	test_mutated();
	new_source();
	return tap_end();
}
