/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameters of the model of time: one list, from which come the structure, the defaults, the table
 * of names, units and bounds, and with it configfs attributes, help and documents. params.c;
 * presets.c has those of known drives.
 */
#ifndef KCSD_TIMING_PARAMS_H
#define KCSD_TIMING_PARAMS_H

#include "env.h"

#define KCSD_TIMING_SECOND	1000000000ULL	/* ns; the bound of every duration */
#define KCSD_TIMING_MOST_BYTES	(1ULL << 40)
#define KCSD_TIMING_MOST_MBPS	1000000
#define KCSD_TIMING_MOST_CYCLES	100000		/* hundredths */

enum kcsd_timing_media {
	KCSD_TIMING_FLASH,
	KCSD_TIMING_ARRAY,	/* no flash: delay, time of a piece in its lane, delay */
	KCSD_TIMING_NR_MEDIA
};

enum kcsd_timing_gc {
	KCSD_TIMING_GREEDY,	/* the line with the fewest valid units */
	KCSD_TIMING_FIFO,	/* the line that was closed first; to compare with a formula */
	KCSD_TIMING_NR_GC
};

/*
 * X(NAME, unit, default, min, max, "text"). Units: NS; BYTES (suffixes K, M, G allowed); MBPS,
 * millions of bytes per second, 0: takes no time; MHZ; NUM, a count; BOOL; PERMILLE; CYCLES,
 * hundredths of a clock cycle; MEDIA and GC, a choice.
 */
#define KCSD_TIMING_PARAMS(X) \
	X(media, MEDIA, KCSD_TIMING_FLASH, 0, KCSD_TIMING_NR_MEDIA - 1, \
	  "what data is kept in") \
	\
	X(link_read_mbps, MBPS, 3200, 0, KCSD_TIMING_MOST_MBPS, \
	  "link, drive to host") \
	X(link_write_mbps, MBPS, 3200, 0, KCSD_TIMING_MOST_MBPS, \
	  "link, host to drive") \
	X(link_duplex, BOOL, 1, 0, 1, \
	  "1: both directions at once; 0: they share the link") \
	X(link_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "latency of a transfer on the link; does not occupy it") \
	X(piece_size, BYTES, 16384, 512, 1 << 24, \
	  "longest piece of a transfer on a channel or the link") \
	\
	X(cores, NUM, 1, 1, 64, \
	  "cores of the controller") \
	X(command_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "time of a command on a core, which it occupies") \
	X(read_small_delay_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "firmware delay of a read of up to read_part_size; occupies nothing") \
	X(read_delay_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "firmware delay of a longer read") \
	X(write_delay_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "firmware delay of a write") \
	X(write_4k_delay_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "further firmware delay of a write, per 4 KiB begun") \
	\
	X(buffer_size, BYTES, 1 << 20, 0, 1ULL << 34, \
	  "write buffer of a conventional namespace; 0: a write ends when programmed") \
	X(zone_buffer_size, BYTES, 1 << 20, 0, 1ULL << 30, \
	  "write buffer of each zone; 0: a write ends when programmed") \
	X(buffer_safe, BOOL, 1, 0, 1, \
	  "1: the write buffer survives a power cut, a flush does not wait for programs") \
	\
	X(channels, NUM, 8, 1, 64, \
	  "channels") \
	X(channel_mbps, MBPS, 0, 0, KCSD_TIMING_MOST_MBPS, \
	  "bandwidth of a channel") \
	X(channel_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "time of a transfer of one piece on a channel besides its bytes; occupies it") \
	X(dies, NUM, 8, 1, 64, \
	  "dies of each channel") \
	X(planes, NUM, 1, 1, 16, \
	  "planes of each die; programs and erases are of all planes at once") \
	X(plane_reads, BOOL, 0, 0, 1, \
	  "1: each plane reads on its own; 0: a die reads one page at a time") \
	X(cell_bits, NUM, 1, 1, 4, \
	  "bits of a cell, SLC to QLC: as many kinds of pages, by turns") \
	X(page_size, BYTES, 4096, 512, 1 << 24, \
	  "flash page of one plane: read at once") \
	X(program_size, BYTES, 4096, 512, 1 << 26, \
	  "programmed at once on a die: pages of all planes") \
	X(block_pages, NUM, 256, 1, 65536, \
	  "pages of a block") \
	X(blocks, NUM, 0, 0, 1 << 20, \
	  "blocks of a plane; then block_pages comes from the capacity; 0: block_pages counts") \
	X(read_part_size, BYTES, 4096, 512, 1 << 24, \
	  "a read of up to this part of a page takes read_part_ns") \
	X(read_part_ns, NS, 40000, 0, KCSD_TIMING_SECOND, \
	  "read of a part of a page") \
	X(read_part_2_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "the same of the second kind of pages; 0: as the kind before") \
	X(read_part_3_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "the same of the third kind") \
	X(read_part_4_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "the same of the fourth kind") \
	X(read_page_ns, NS, 40000, 0, KCSD_TIMING_SECOND, \
	  "read of a page") \
	X(read_page_2_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "the same of the second kind of pages; 0: as the kind before") \
	X(read_page_3_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "the same of the third kind") \
	X(read_page_4_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "the same of the fourth kind") \
	X(program_ns, NS, 200000, 0, KCSD_TIMING_SECOND, \
	  "program of program_size on a die") \
	X(erase_ns, NS, 2000000, 0, KCSD_TIMING_SECOND, \
	  "erase of a block on all planes of a die") \
	\
	X(endurance, NUM, 3000, 1, 1000000, \
	  "erases that a block is rated for: SMART tells the share that is used") \
	X(map_unit, BYTES, 4096, 512, 65536, \
	  "unit of the page map") \
	X(overprovision, PERMILLE, 70, 10, 10000, \
	  "flash besides the capacity, in thousandths of it") \
	X(spare_lines, NUM, 5, 5, 1024, \
	  "lines of each partition on top of that: two are written, the others are free") \
	X(partitions, NUM, 1, 1, 64, \
	  "parts of the translation, each with its share of the channels") \
	X(gc, GC, KCSD_TIMING_GREEDY, 0, KCSD_TIMING_NR_GC - 1, \
	  "which line is collected") \
	X(filled, BOOL, 1, 0, 1, \
	  "1: a new drive has been written from end to end; 0: it is empty, which reads quickly") \
	\
	X(dies_per_zone, NUM, 64, 1, 4096, \
	  "dies that a zone lies on") \
	\
	X(array_lanes, NUM, 4, 1, 64, \
	  "media=array: parallel lanes") \
	X(array_piece_size, BYTES, 4096, 512, 1 << 24, \
	  "media=array: piece of a command that one lane serves") \
	X(array_read_delay_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "media=array: delay before a read; occupies nothing") \
	X(array_read_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "media=array: read of a piece, which occupies the lane") \
	X(array_read_trail_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "media=array: delay after a read; occupies nothing") \
	X(array_write_delay_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "media=array: delay before a write") \
	X(array_write_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "media=array: write of a piece") \
	X(array_write_trail_ns, NS, 0, 0, KCSD_TIMING_SECOND, \
	  "media=array: delay after a write") \
	\
	X(units, NUM, 2, 1, 64, \
	  "compute units") \
	X(unit_mhz, MHZ, 1200, 1, 100000, \
	  "clock of a compute unit") \
	X(alu_cycles, CYCLES, 100, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: arithmetic, logic, move") \
	X(mul_cycles, CYCLES, 300, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: multiply") \
	X(div_cycles, CYCLES, 2000, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: divide, remainder") \
	X(access_cycles, CYCLES, 200, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: load, store") \
	X(taken_cycles, CYCLES, 200, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: branch that is taken") \
	X(not_taken_cycles, CYCLES, 100, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: branch that is not taken") \
	X(call_cycles, CYCLES, 400, 0, KCSD_TIMING_MOST_CYCLES, \
	  "instruction: call of a function, return") \
	X(helper_cycles, CYCLES, 5000, 0, KCSD_TIMING_MOST_CYCLES, \
	  "call of a helper") \
	X(helper_byte_cycles, CYCLES, 25, 0, KCSD_TIMING_MOST_CYCLES, \
	  "each byte that a helper works on") \
	X(slm_mbps, MBPS, 8000, 0, KCSD_TIMING_MOST_MBPS, \
	  "bandwidth of the memory of the drive")

struct kcsd_timing_params {
#define KCSD_TIMING_MEMBER(name, unit, value, min, max, text) u64 name;
	KCSD_TIMING_PARAMS(KCSD_TIMING_MEMBER)
#undef KCSD_TIMING_MEMBER
};

#define KCSD_TIMING_NR_PARAMS	(sizeof(struct kcsd_timing_params) / sizeof(u64))

enum kcsd_timing_param_unit {
	KCSD_TIMING_UNIT_NS,
	KCSD_TIMING_UNIT_BYTES,
	KCSD_TIMING_UNIT_MBPS,
	KCSD_TIMING_UNIT_MHZ,
	KCSD_TIMING_UNIT_NUM,
	KCSD_TIMING_UNIT_BOOL,
	KCSD_TIMING_UNIT_PERMILLE,
	KCSD_TIMING_UNIT_CYCLES,
	KCSD_TIMING_UNIT_MEDIA,
	KCSD_TIMING_UNIT_GC,
	KCSD_TIMING_NR_UNITS
};

struct kcsd_timing_param {
	const char *name;
	const char *text;	/* for --help and documents */
	u64 value;		/* default */
	u64 min;
	u64 max;
	u8 unit;		/* enum kcsd_timing_param_unit */
};

/* All parameters, in the order of the members of struct kcsd_timing_params. */
extern const struct kcsd_timing_param kcsd_timing_param_table[KCSD_TIMING_NR_PARAMS];

/* Facts of the drive that are no parameters of time. */
struct kcsd_timing_shape {
	u64 capacity;		/* bytes of namespace 1, or of all zones */
	u64 zone_size;		/* bytes; 0: no zones, all of the capacity is translated */
};

/* Room for a sentence of kcsd_timing_params_check() and _parse(). */
#define KCSD_TIMING_WHY		160

/* Set all parameters to their defaults. */
void kcsd_timing_params_init(struct kcsd_timing_params *p);

/* Return the index of a parameter, or -ENOENT. */
int kcsd_timing_param_find(const char *name);
/* The value of a parameter by its index, which is below KCSD_TIMING_NR_PARAMS. */
u64 *kcsd_timing_param_at(struct kcsd_timing_params *p, unsigned int index);
/* Return the text of a unit: "ns", "bytes", "MB/s", ...; "" for a count, a choice. */
const char *kcsd_timing_unit_text(unsigned int unit);
/* Return the name of a choice: "flash", "greedy", ...; NULL if the unit has no such choice. */
const char *kcsd_timing_choice_text(unsigned int unit, u64 value);

/*
 * Set a parameter from text, which may end in a line feed. Return 0; -ENOENT: no such parameter;
 * -EINVAL: not a value, or out of bounds. An error leaves *p and puts a sentence into why.
 */
int kcsd_timing_params_parse(struct kcsd_timing_params *p, const char *name, const char *text,
			     char *why, size_t room);
/* Print the value as kcsd_timing_params_parse() takes it. Returns its length as snprintf() does. */
int kcsd_timing_params_print(const struct kcsd_timing_params *p, unsigned int index, char *text,
			     size_t room);

/*
 * Test whether a drive with these parameters is possible. Return 0 or -EINVAL, then with a sentence
 * in why. The shape may be NULL: then what depends on the drive is not tested.
 */
int kcsd_timing_params_check(const struct kcsd_timing_params *p,
			     const struct kcsd_timing_shape *shape, char *why, size_t room);

/* A known set of parameters. */
struct kcsd_timing_preset {
	const char *name;
	const char *text;	/* one line for --help */
	const char *source;
	u64 zone_size;		/* bytes that its parameters are meant for; 0: not zoned */
	void (*set)(struct kcsd_timing_params *p);	/* after kcsd_timing_params_init() */
};

extern const struct kcsd_timing_preset kcsd_timing_presets[];
extern const unsigned int kcsd_timing_nr_presets;

/* Set all parameters as the preset has them. Return the preset, or NULL: no such name. */
const struct kcsd_timing_preset *kcsd_timing_preset(struct kcsd_timing_params *p,
						    const char *name);

#endif
