set -eu
# variables
export CC='/bin/cc -m64'
export CFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '"'"'-DB="b c"'"'"''
export LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none -Wl,--version-script=/w/version-script.map -lm'
export LC_ALL=C
export TZ=UTC
export SOURCE_DATE_EPOCH=1700000000
export CXX=/bin/c++
export CXXFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '"'"'-DB="b c"'"'"''

# folders and files; at the end, below `# commands`, is what runs
mkdir -p /w
mkdir -p /w/source/sub
printf %s 'ANSWER_PYWHEEL_1 { };
' > /w/version-script.map

# commands
( cd /w/source/sub && sh ./configure --prefix=/usr/local --libdir=/usr/local/lib --YES --NO=no '--NAME=a b' --LEVEL=3 )
( cd /w/source/sub && make -j7 answer question )
( cd /w/source/sub && make install DESTDIR=/w/destination )
