#include "asker.h"

#include <question.h>

int asker_finds(void)
{
    int number = 0;

    while (!question_is_answered_by(number))
        number++;
    return number;
}
