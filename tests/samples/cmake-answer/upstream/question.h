#ifndef QUESTION_H
#define QUESTION_H

/* Tell whether `number` answers the question. */
int question_is_answered_by(int number);

#endif
