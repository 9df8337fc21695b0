import { describe, expect, it } from 'vitest';
import { objectionToAddress, objectionToName } from './addresses.ts';

const scopeOf = (address: string) => objectionToAddress(address)?.scope;

describe('objectionToAddress', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'nonsense',
  ])('never allows %s', (address) => {
    expect(scopeOf(address)).toBe('never');
  });

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:127.0.0.1',
    '::ffff:c0a8:101',
    '64:ff9b::10.0.0.1',
    '2002:0a00:0001::1',
  ])('calls %s private', (address) => {
    expect(scopeOf(address)).toBe('private');
  });

  it.each([
    '8.8.8.8',
    '172.32.0.1',
    '172.15.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '2002:808:808::1',
  ])('has nothing against %s', (address) => {
    expect(objectionToAddress(address)).toBeUndefined();
  });
});

describe('objectionToName', () => {
  it('knows the names of metadata services, and leaves others to their addresses', () => {
    expect(objectionToName('Metadata.Google.Internal.')?.scope).toBe('never');
    expect(objectionToName('localhost')).toBeUndefined();
  });
});
