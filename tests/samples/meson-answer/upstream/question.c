#include "question.h"

#include "answer.h"

int question_is_answered_by(int number)
{
    return number == answer_number();
}
