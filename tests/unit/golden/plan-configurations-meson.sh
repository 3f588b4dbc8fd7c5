set -eu
# variables
export CC='/bin/cc -m64'
export CFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '"'"'-DB="b c"'"'"''
export LC_ALL=C
export TZ=UTC
export SOURCE_DATE_EPOCH=1700000000
export CXX=/bin/c++
export CXXFLAGS='-O2 -ffile-prefix-map=/w/source=. -ffile-prefix-map=/w/build=. -DA '"'"'-DB="b c"'"'"''

# folders and files; at the end, below `# commands`, is what runs
mkdir -p /w
mkdir -p /w/source
printf %s 'ANSWER_PYWHEEL_1 { };
' > /w/version-script.map

# commands
export LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none -Wl,--version-script=/w/version-script.map -lm'
( cd /w/source && meson setup --prefix=/usr/local --libdir=lib --buildtype=release --wrap-mode=nodownload -DYES=true -DNO=false '-DNAME=a b' -DLEVEL=3 /w/build/lp64 /w/source/sub )
( cd /w/source && meson compile -C /w/build/lp64 -j 7 answer question )
( cd /w/source && meson install -C /w/build/lp64 --no-rebuild --destdir /w/destination/lp64 )
export LDFLAGS='-Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--build-id=none -Wl,--version-script=/w/version-script.map -L/w/destination/lp64/usr/local/lib -lm'
( cd /w/source && meson setup --prefix=/usr/local --libdir=lib --buildtype=release --wrap-mode=nodownload -DYES=true -DNO=false '-DNAME=a b' -DLEVEL=64 /w/build/ilp64 /w/source/sub )
( cd /w/source && meson compile -C /w/build/ilp64 -j 7 wide )
( cd /w/source && meson install -C /w/build/ilp64 --no-rebuild --destdir /w/destination/ilp64 )
