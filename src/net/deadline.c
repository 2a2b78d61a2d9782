/* SPDX-License-Identifier: Apache-2.0 */
#include "net/deadline.h"

#include <stddef.h>

void deadline_set(struct deadline_queue *queue, struct deadline *deadline, uint64_t at)
{
	*deadline = (struct deadline){.before = queue->last, .at = at};
	if (queue->last)
		queue->last->next = deadline;
	else
		queue->first = deadline;
	queue->last = deadline;
	queue->n++;
}

void deadline_clear(struct deadline_queue *queue, struct deadline *deadline)
{
	if (deadline->before)
		deadline->before->next = deadline->next;
	else
		queue->first = deadline->next;
	if (deadline->next)
		deadline->next->before = deadline->before;
	else
		queue->last = deadline->before;
	queue->n--;
}

struct deadline *deadline_due(const struct deadline_queue *queue, uint64_t now)
{
	return queue->first && queue->first->at <= now ? queue->first : NULL;
}
