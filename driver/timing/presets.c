// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters of known drives. Only what differs from the defaults; compute units keep those, since
 * none of these drives has any.
 */
#include "params.h"

#define KB	1024ULL
#define MB	(1024 * KB)

static void set_970pro(struct kcsd_timing_params *p)
{
	p->link_read_mbps = 3360;
	p->link_write_mbps = 3360;
	p->piece_size = 16 * KB;
	p->read_small_delay_ns = 21500;
	p->read_delay_ns = 30490;
	p->write_delay_ns = 4000;
	p->write_4k_delay_ns = 460;
	p->channels = 8;
	p->channel_mbps = 800;
	p->dies = 2;
	p->cell_bits = 2;
	p->page_size = 32 * KB;
	p->program_size = 32 * KB;
	p->blocks = 8192;
	p->read_part_ns = 29760;
	p->read_part_2_ns = 41760;
	p->read_page_ns = 30013;
	p->read_page_2_ns = 42013;
	p->program_ns = 185000;
	p->erase_ns = 0;
	p->partitions = 4;
	p->overprovision = 70;
	p->buffer_size = 8 * 2 * 2 * p->page_size;
	p->dies_per_zone = 16;
}

static void set_zn540(struct kcsd_timing_params *p)
{
	p->link_read_mbps = 3050;
	p->link_write_mbps = 3050;
	p->piece_size = 32 * KB;
	p->read_small_delay_ns = 20000;
	p->read_delay_ns = 13000;
	p->write_delay_ns = 5600;
	p->write_4k_delay_ns = 600;
	p->channels = 8;
	p->channel_mbps = 450;
	p->dies = 4;
	p->cell_bits = 3;
	p->page_size = 32 * KB;
	p->program_size = 96 * KB;
	p->block_pages = 2049;
	p->read_part_ns = 50000;
	p->read_page_ns = 58000;
	p->program_ns = 561000;
	p->erase_ns = 0;
	p->zone_buffer_size = 10 * p->program_size;
	p->dies_per_zone = 32;
}

static void set_zns_prototype(struct kcsd_timing_params *p)
{
	p->link_read_mbps = 3200;
	p->link_write_mbps = 3200;
	p->piece_size = 64 * KB;
	p->read_small_delay_ns = 32150;
	p->read_delay_ns = 32150;
	p->channels = 8;
	p->channel_mbps = 800;
	p->channel_ns = 413;
	p->dies = 16;
	p->cell_bits = 3;
	p->page_size = 64 * KB;
	p->program_size = 128 * KB;
	p->block_pages = 512;
	p->read_part_ns = 25485;
	p->read_page_ns = 40950;
	p->program_ns = 1913640;
	p->erase_ns = 0;
	p->buffer_size = 0;
	p->zone_buffer_size = 0;
	p->dies_per_zone = 1;
}

static void set_optane(struct kcsd_timing_params *p)
{
	p->media = KCSD_TIMING_ARRAY;
	p->link_read_mbps = 3200;
	p->link_write_mbps = 3200;
	p->piece_size = 4 * KB;
	p->array_lanes = 4;
	p->array_piece_size = 4 * KB;
	/* Four lanes of 4 KiB in 6,827 ns are 2,400 MB/s; with 1,280 ns on the link 10,000 ns. */
	p->array_read_delay_ns = 1000;
	p->array_read_ns = 6827;
	p->array_read_trail_ns = 893;
	p->array_write_delay_ns = 1000;
	p->array_write_ns = 6827;
	p->array_write_trail_ns = 893;
}

/* The defaults of all parameters. */
static void set_plain(struct kcsd_timing_params *p)
{
	p->dies_per_zone = 64;
}

const struct kcsd_timing_preset kcsd_timing_presets[] = {
	{
		.name = "970pro",
		.text = "conventional, MLC, 8 channels x 2 dies: like a Samsung 970 Pro",
		.source = "parameter set that a kernel-module emulator published with its validation at FAST '23",
		.set = set_970pro,
	}, {
		.name = "zn540",
		.text = "zoned, TLC, 8 channels x 4 dies, large zones: like a WD ZN540",
		.source = "parameter set that a kernel-module emulator published with its validation at FAST '23",
		.zone_size = 2048 * MB,
		.set = set_zn540,
	}, {
		.name = "zns-prototype",
		.text = "zoned, TLC, 8 channels x 16 dies, small zones on one die each, no buffer",
		.source = "parameter set that a kernel-module emulator published with its validation at FAST '23",
		.zone_size = 32 * MB,
		.set = set_zns_prototype,
	}, {
		.name = "optane",
		.text = "no flash: about 10,000 ns for 4 KiB, 2,400 MB/s",
		.source = "shape of the model of an Optane drive in the same emulator; the times are made to fit these two figures",
		.set = set_optane,
	}, {
		.name = "plain",
		.text = "conventional, 8 channels x 8 dies, round figures",
		.source = "default parameters of an emulator that runs in QEMU",
		.set = set_plain,
	},
};

const unsigned int kcsd_timing_nr_presets = ARRAY_SIZE(kcsd_timing_presets);

const struct kcsd_timing_preset *kcsd_timing_preset(struct kcsd_timing_params *p,
						    const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kcsd_timing_presets); i++) {
		if (strcmp(kcsd_timing_presets[i].name, name))
			continue;
		kcsd_timing_params_init(p);
		kcsd_timing_presets[i].set(p);
		return &kcsd_timing_presets[i];
	}
	return NULL;
}
