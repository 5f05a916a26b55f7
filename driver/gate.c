// SPDX-License-Identifier: GPL-2.0
#include <linux/container_of.h>

#include "gate.h"

static void gate_is_empty(struct percpu_ref *passing)
{
	complete_all(&container_of(passing, struct kcsd_gate, passing)->empty);
}

int kcsd_gate_init(struct kcsd_gate *gate)
{
	init_completion(&gate->empty);
	mutex_init(&gate->lock);
	return percpu_ref_init(&gate->passing, gate_is_empty, PERCPU_REF_ALLOW_REINIT, GFP_KERNEL);
}

void kcsd_gate_destroy(struct kcsd_gate *gate)
{
	percpu_ref_exit(&gate->passing);
	mutex_destroy(&gate->lock);
}

int kcsd_gate_close(struct kcsd_gate *gate, int status)
{
	guard(mutex)(&gate->lock);
	if (gate->status)
		return gate->status;
	WRITE_ONCE(gate->status, status);
	reinit_completion(&gate->empty);
	percpu_ref_kill(&gate->passing);
	return 0;
}

void kcsd_gate_wait(struct kcsd_gate *gate)
{
	wait_for_completion(&gate->empty);
}

void kcsd_gate_set_status(struct kcsd_gate *gate, int status)
{
	guard(mutex)(&gate->lock);
	WRITE_ONCE(gate->status, status);
}

void kcsd_gate_open(struct kcsd_gate *gate)
{
	guard(mutex)(&gate->lock);
	percpu_ref_reinit(&gate->passing);
	smp_wmb();	/* a reader that sees status 0 finds passing alive */
	WRITE_ONCE(gate->status, 0);
}
