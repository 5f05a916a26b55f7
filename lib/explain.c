// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Which of a program's accesses the drive need not check, by the drive's own analysis. */
#include <errno.h>
#include <stdlib.h>

#include "disasm.h"
#include "object.h"
#include "verify.h"

static int explain_all(const struct kcsd_image_view *view, const uint8_t *proofs,
		       int (*fn)(const struct kcsd_access *access, void *arg), void *arg)
{
	struct kcsd_access access;
	uint32_t pc;
	int ret = 0;

	for (pc = 0; pc < view->insn_cnt && !ret; pc++) {
		if (proofs[pc] == KCSD_PROOF_NONE)
			continue;
		access = (struct kcsd_access){
			.pc = pc,
			.checked = !kcsd_proof_safe(proofs[pc]),
			.why = kcsd_proof_text(proofs[pc]),
		};
		kcsd_disasm(view->insns, view->insn_cnt, pc, NULL, access.text);
		ret = fn(&access, arg);
	}
	return ret;
}

int kcsd_object_explain(const struct kcsd_object *obj,
			int (*fn)(const struct kcsd_access *access, void *arg), void *arg)
{
	struct kcsd_image_view view;
	struct kcsd_verdict verdict;
	uint8_t *proofs;
	int ret;

	if (kcsd_image_parse(obj->image, obj->image_len, &view) ||
	    kcsd_check_insns(view.insns, view.insn_cnt, &verdict))
		return -EINVAL;
	proofs = calloc(view.insn_cnt, 1);
	if (!proofs)
		return -ENOMEM;
	ret = kcsd_verify(&view, proofs);
	if (!ret)
		ret = explain_all(&view, proofs, fn, arg);
	free(proofs);
	return ret;
}
