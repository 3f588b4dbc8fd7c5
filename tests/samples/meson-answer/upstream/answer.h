#ifndef ANSWER_H
#define ANSWER_H

#define ANSWER_VERSION "1.2.3"

#ifdef __cplusplus
extern "C" {
#endif

int answer_number(void);
const char *answer_version(void);

#ifdef __cplusplus
}
#endif

#endif
